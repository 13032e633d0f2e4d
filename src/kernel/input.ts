import { isVisible } from './text.ts';

/** One input field that does not fit: where it is, and what would fit. */
export interface InvalidField {
  path: string;
  message: string;
}

/** The outcome of an operation whose input does not fit. */
export interface InvalidInput {
  kind: 'invalidInput';
  fields: InvalidField[];
}

/** Collects everything that is wrong with an input, so that it can be said at once. */
export class InputCheck {
  readonly fields: InvalidField[] = [];

  /** Notes that the field at `path` does not fit, where `fits` is false. */
  require(fits: boolean, path: string, message: string): void {
    if (!fits) this.fields.push({ path, message });
  }

  /** A name for people: trimmed, 1 to `longest` characters, all of them visible. */
  text(value: string, path: string, longest: number): string {
    const trimmed = value.trim();
    // Measured first: a character has one or two UTF-16 units, and what is longer is not looked at.
    const isMeasured = trimmed.length >= 1 && trimmed.length <= 2 * longest;
    const fits = isMeasured && [...trimmed].length <= longest;
    this.require(fits, path, `Must have 1 to ${longest} characters.`);
    // JavaScript trims U+FEFF as well, which is not white space in Unicode.
    const visible = !fits || (isVisible(trimmed) && !value.includes('\ufeff'));
    this.require(visible, path, 'Must not contain line breaks, control characters or invisible characters.');
    return trimmed;
  }

  /** The outcome to return, or null where everything fits. */
  get outcome(): InvalidInput | null {
    return this.fields.length > 0 ? { kind: 'invalidInput', fields: this.fields } : null;
  }
}
