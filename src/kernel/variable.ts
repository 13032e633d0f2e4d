import { z } from 'zod';

/** One environment variable: how it is read, and what the documentation says about it. */
export interface Variable<Value = unknown> {
  readonly name: string;
  /** The text that sets the default; a sentence if there is no such text. */
  readonly default: string;
  /** For the documentation: one sentence or two, in Markdown. */
  readonly meaning: string;
  /** Whether `<name>_FILE` may name a file that holds the text, as for the secrets of a container. */
  readonly inFile?: boolean;
  /** Parses the text of the variable; `undefined` if it is not set. Its issues are complete sentences. */
  readonly schema: z.ZodType<Value, string | undefined>;
}

/** The variables of one part of the service, by the name that the value has in the configuration. */
export type Variables = Readonly<Record<string, Variable>>;

/** The values of these variables. */
export type ValuesOf<Some> = {
  readonly [Name in keyof Some]: Some[Name] extends Variable<infer Value> ? Value : never;
};

/** A whole number within a range. */
export function wholeNumber(
  name: string,
  { fallback, min, max, meaning }: { fallback: number; min: number; max: number; meaning: string },
): Variable<number> {
  const schema = z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      context.addIssue(`${name} must be a whole number from ${min} to ${max}.`);
      return z.NEVER;
    });
  return { name, default: String(fallback), meaning, schema };
}

/** One of a few words. */
export function oneOf<const Word extends string>(
  name: string,
  { words, fallback, meaning }: { words: readonly Word[]; fallback: NoInfer<Word>; meaning: string },
): Variable<Word> {
  const list = words.length > 2 ? `one of ${words.join(', ')}` : words.join(' or ');
  const schema = z.enum(words as readonly [Word, ...Word[]], `${name} must be ${list}.`).default(fallback as never);
  return { name, default: fallback, meaning, schema: schema as unknown as Variable<Word>['schema'] };
}

/** `on` or `off`. */
export function flag(name: string, { fallback, meaning }: { fallback: boolean; meaning: string }): Variable<boolean> {
  const schema = z
    .enum(['on', 'off'], `${name} must be on or off.`)
    .default(fallback ? 'on' : 'off')
    .transform((word) => word === 'on') as unknown as Variable<boolean>['schema'];
  return { name, default: fallback ? 'on' : 'off', meaning, schema };
}

/** A text that is checked and turned into a value. `read` reports each problem as a complete sentence. */
export function text<Value>(
  name: string,
  options: {
    /** Used if the variable is not set; null if there is no default. */
    fallback: string | null;
    /** The default that the documentation shows, if it differs from `fallback`. */
    shown?: string;
    meaning: string;
    inFile?: boolean;
    read: (given: string | null, problem: (message: string) => void) => Value;
  },
): Variable<Value> {
  const { fallback, shown, meaning, inFile = false, read } = options;
  const schema = z
    .string()
    .optional()
    .transform((given, context) => {
      let failed = false;
      const value = read(given ?? fallback, (message) => {
        failed = true;
        context.addIssue(message);
      });
      return failed ? z.NEVER : value;
    });
  return { name, default: shown ?? fallback ?? 'none', meaning, inFile, schema };
}

/** The parts of a comma-separated list, without the white space around them. */
export function partsOf(given: string): string[] {
  return given
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
