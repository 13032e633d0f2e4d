/** The longest line or object that is read, in characters. */
export const LONGEST_RECORD = 131_072;

/** One line of a file: its number, and its fields or why they cannot be read. */
export type FileLine =
  | { readonly line: number; readonly record: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly problem: string };
