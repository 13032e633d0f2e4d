import type { PersonalRead } from '../audit/personal-reads.ts';

/** What a GraphQL execution results in, as far as it concerns those who share it. */
export interface SharedResult {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
}

/** The outcome of an execution, for all requests that share it. */
export interface SharedOutcome {
  readonly result: SharedResult;
  /**
   * The reads of personal data that the execution has recorded, batch by batch. Each request that gets the result records
   * them, too.
   */
  readonly reads: readonly (readonly PersonalRead[])[];
}

/** The outcome as text, for replicas and for a while; null if it has errors, which are never kept. */
export function textOf({ result, reads }: SharedOutcome): string | null {
  if (result.errors !== undefined || Object.keys(result).some((name) => name !== 'data')) return null;
  return JSON.stringify({ data: result.data, reads });
}

/** The reverse of `textOf`. */
export function outcomeOf(text: string): SharedOutcome {
  const { data, reads } = JSON.parse(text);
  return { result: { data }, reads };
}
