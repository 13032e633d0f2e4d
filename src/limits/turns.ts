import type { InTurn } from '../database/unit-of-work.ts';
import type { Principal } from '../identity/principal.ts';
import { type Caller, FairQueue } from './fair-queue.ts';
import { networkOf } from './network.ts';

/** What one user, or one network without a credential, may have waiting. */
const WAITING_PER_OWNER = 1000;
/** What waits takes memory. */
const WAITING = 5000;
/** How long a credential waits for its next turn after it was refused for its rate. */
const PAUSE_MS = 250;

export interface TurnsOptions {
  /** Changes that run at the same time, revocations apart. */
  changesAtOnce: number;
  /** Revocations that run at the same time. */
  revocationsAtOnce: number;
  /** The longest that one waits for its turn, in milliseconds. */
  patienceMs: number;
}

/**
 * Whose turn it is to change something. Each user has at most half of the places, and so has a network from which
 * requests come without a credential. One credential leaves a place for the others of its user. A request of a quiet caller goes before those of a busy one: no number of mutations
 * of one member delays the revocation of another user by more than the work that runs.
 */
export class Turns {
  readonly #changes: FairQueue;
  readonly #revocations: FairQueue;

  constructor({ changesAtOnce, revocationsAtOnce, patienceMs }: TurnsOptions) {
    const queue = (atOnce: number) => {
      const perOwner = Math.max(1, Math.floor(atOnce / 2));
      const perKey = Math.max(1, perOwner - 1);
      return new FairQueue({
        ...{ atOnce, perOwner, perKey, patienceMs },
        ...{ waitingPerOwner: WAITING_PER_OWNER, waiting: WAITING },
      });
    };
    this.#changes = queue(changesAtOnce);
    this.#revocations = queue(revocationsAtOnce);
  }

  change(principal: Principal | null, address: string | null): InTurn {
    return (work) => this.#changes.run(callerOf(principal, address), work);
  }

  /** For work on the connections that are reserved for revocations. */
  revocation(principal: Principal | null, address: string | null): InTurn {
    return (work) => this.#revocations.run(callerOf(principal, address), work);
  }
}

/** People behind one address share it with strangers: of them, none pauses for what another one did. */
function callerOf(principal: Principal | null, address: string | null): Caller {
  if (!principal) return { owner: networkOf(address), key: networkOf(address) };
  const { userId, credentialId } = principal;
  return { owner: userId ?? credentialId, key: credentialId, pauseMs: PAUSE_MS };
}
