/**
 * The message of an error, for the operator. A refused connection to a host with two addresses is an AggregateError
 * with an empty message: its first error has one.
 */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
