import type { IncomingMessage } from 'node:http';
import type { Replica } from '../revocation/replica.ts';

const HEADER = 'x-rekey-follower';
const FOLLOWER = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * Tells a client that follows the revocations at which position of the log its answer was decided, so that it can keep the
 * answer until a later revocation concerns it. A client asks for it with `X-Rekey-Follower: <16 to 64 of A-Za-z0-9_->`.
 *
 * The position is taken before the decision, which knows at least the log up to it. It is left out if this replica has no
 * lease.
 */
export function createFollowerPositions(replica: Pick<Replica, 'applied' | 'leaseRemaining'>) {
  const known = () => (replica.leaseRemaining() > 0 ? replica.applied : null);
  return {
    /** Before the decision: the position; null if the client did not ask, or if it is not known. */
    before: (request: Pick<IncomingMessage, 'rawHeaders'>): number | null => (isFollower(request) ? known() : null),
    /** After the decision: the header, as a name and a value. */
    headerOf: (position: number | null): string[] =>
      position === null || known() === null ? [] : ['X-Rekey-Position', String(position)],
  };
}

export type FollowerPositions = ReturnType<typeof createFollowerPositions>;

/** Reads the raw headers, as `requestIdOf` does: nearly every request ends here without the header. */
function isFollower({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === HEADER.length && name.toLowerCase() === HEADER) return FOLLOWER.test(rawHeaders[index + 1]!);
  }
  return false;
}
