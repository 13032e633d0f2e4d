import { isVisible } from './text.ts';

/** One invalid input field: its path, and what a valid value must be. */
export interface InvalidField {
  path: string;
  message: string;
}

/** The outcome of an operation with invalid input. */
export interface InvalidInput {
  kind: 'invalidInput';
  fields: InvalidField[];
}

/** One text for each invalid field, for a command or a line of a file. */
export function problemTexts(fields: readonly InvalidField[]): string[] {
  return fields.map(({ path, message }) => `${path.replace('input.', '')}: ${message}`);
}

/** Collects all problems of an input, so that the caller gets them at once. */
export class InputCheck {
  readonly fields: InvalidField[] = [];

  /** Records the field at `path` as invalid if `fits` is false. */
  require(fits: boolean, path: string, message: string): void {
    if (!fits) this.fields.push({ path, message });
  }

  /** Checks a display name: trimmed, 1 to `longest` characters, all of them visible. Returns it trimmed. */
  text(value: string, path: string, longest: number): string {
    const trimmed = value.trim();
    // A character has one or two UTF-16 units, so a text with more than twice as many units is too long.
    const isMeasured = trimmed.length >= 1 && trimmed.length <= 2 * longest;
    const fits = isMeasured && [...trimmed].length <= longest;
    this.require(fits, path, `Must have 1 to ${longest} characters.`);
    // JavaScript trims U+FEFF as well, which is not white space in Unicode.
    const visible = !fits || (isVisible(trimmed) && !value.includes('\ufeff'));
    this.require(visible, path, 'Must not contain line breaks, control characters or invisible characters.');
    return trimmed;
  }

  /** See `problemTexts`. */
  get problems(): string[] {
    return problemTexts(this.fields);
  }

  /** The outcome to return, or null if the input is valid. */
  get outcome(): InvalidInput | null {
    return this.fields.length > 0 ? { kind: 'invalidInput', fields: this.fields } : null;
  }
}
