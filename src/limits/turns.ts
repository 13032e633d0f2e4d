import type { InTurn } from '../database/unit-of-work.ts';
import type { Principal } from '../identity/principal.ts';
import { type Caller, FairQueue } from './fair-queue.ts';
import { networkOf } from './network.ts';

/** How many changes of one user, or of one network without a credential, may wait. */
const WAITING_PER_OWNER = 1000;
/** How many changes may wait in total. Each takes memory. */
const WAITING = 5000;
/** How long a credential waits for its next turn after a `RATE_LIMITED`, in milliseconds. */
const PAUSE_MS = 250;

export interface TurnsOptions {
  /** Concurrent changes, without revocations. */
  changesAtOnce: number;
  /** Concurrent revocations. */
  revocationsAtOnce: number;
  /** The longest wait for a turn, in milliseconds. */
  longestWaitMs: number;
  /** Called with each change that is rejected because its caller demands too many turns. */
  limited?: () => void;
}

/**
 * Decides whose change runs next. A user has at most half of the places, and so has a network from which requests come
 * without a credential. One credential leaves a place for the others of its user. A request of a quiet caller goes
 * before those of a busy one: whatever one user sends, a revocation of another user waits only for the running work.
 */
export class Turns {
  readonly #changes: FairQueue;
  readonly #revocations: FairQueue;

  constructor({ changesAtOnce, revocationsAtOnce, longestWaitMs, limited }: TurnsOptions) {
    const queue = (atOnce: number) => {
      const perOwner = Math.max(1, Math.floor(atOnce / 2));
      const perKey = Math.max(1, perOwner - 1);
      return new FairQueue({
        ...{ atOnce, perOwner, perKey, longestWaitMs, limited },
        ...{ waitingPerOwner: WAITING_PER_OWNER, waiting: WAITING },
      });
    };
    this.#changes = queue(changesAtOnce);
    this.#revocations = queue(revocationsAtOnce);
  }

  /** How many changes run and wait, by queue. */
  state(): { queue: string; running: number; waiting: number }[] {
    return [
      { queue: 'changes', ...this.#changes.state },
      { queue: 'revocations', ...this.#revocations.state },
    ];
  }

  change(principal: Principal | null, address: string | null): InTurn {
    return (work) => this.#changes.run(callerOf(principal, address), work);
  }

  /** For work on the connections that are reserved for revocations. */
  revocation(principal: Principal | null, address: string | null): InTurn {
    return (work) => this.#revocations.run(callerOf(principal, address), work);
  }
}

/** Clients behind one address may be unrelated, so none of them pauses because of another one. */
function callerOf(principal: Principal | null, address: string | null): Caller {
  if (!principal) return { owner: networkOf(address), key: networkOf(address) };
  const { userId, credentialId } = principal;
  return { owner: userId ?? credentialId, key: credentialId, pauseMs: PAUSE_MS };
}
