import { AccessError, type AccessErrorCode } from '../identity/access-error.ts';

/**
 * Why the service ends a live connection:
 * - an access error: the credential is not valid any more (`UNAUTHENTICATED`), it does not hold any more what the
 *   connection needs (`FORBIDDEN`), or this replica cannot know it (`AUTHENTICATION_UNAVAILABLE`),
 * - `too slow`: the client does not read,
 * - `going away`: this replica stops.
 */
export type LiveEnd = AccessError | 'too slow' | 'going away';

/** What a client learns about the end of its connection; null if this replica stops: the client connects again. */
export function explanationOf(end: LiveEnd): { code: AccessErrorCode; message: string } | null {
  if (end instanceof AccessError) return { code: end.code, message: end.message };
  if (end === 'going away') return null;
  const message = 'The client reads too slowly. Connect again, with the position of the last event as `after`.';
  return { code: 'TOO_SLOW', message };
}
