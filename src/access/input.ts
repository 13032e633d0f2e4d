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

  /** A text for people: trimmed, 1 to `longest` characters, none of them a control character. */
  text(value: string, path: string, longest: number): string {
    const trimmed = value.trim();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to refuse
    const printable = !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(trimmed);
    this.require(printable, path, 'Must not contain control characters or line breaks.');
    const length = [...trimmed].length;
    this.require(length >= 1 && length <= longest, path, `Must have 1 to ${longest} characters.`);
    return trimmed;
  }

  /** The outcome to return, or null where everything fits. */
  get outcome(): InvalidInput | null {
    return this.fields.length > 0 ? { kind: 'invalidInput', fields: this.fields } : null;
  }
}
