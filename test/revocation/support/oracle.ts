// Compares what happened with what was promised.

import { leaseOver } from '../../../src/revocation/lease.ts';
import type { Receipt } from '../../../src/revocation/propagation-barrier.ts';
import type { Database } from './database.ts';
import type { Timeline } from './timeline.ts';

/** A moment: its time, and its place in the order of all events. */
export interface Moment {
  time: number;
  tick: number;
}

interface Revocation {
  tag: string;
  seq: number;
  committed: Moment;
  /** When the mutation returned. */
  certain: Moment | null;
  /** When it was undone: enabled again, or lost because a backup did not hold it. */
  undone: Moment | null;
}

const SLACK_MS = 1e-6;

export class Violation extends Error {}

export class Oracle {
  readonly #timeline: Timeline;
  readonly #revocations: Revocation[] = [];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  moment(): Moment {
    return { time: this.#timeline.now, tick: ++this.#timeline.tick };
  }

  /** Records what was committed since the last call. */
  record({ state }: Database): void {
    for (const revocation of this.#revocations) {
      if (!revocation.undone && state.revoked.get(revocation.tag) !== revocation.seq) revocation.undone = this.moment();
    }
    for (const [tag, seq] of state.revoked) {
      if (
        this.#revocations.some((revocation) => revocation.tag === tag && revocation.seq === seq && !revocation.undone)
      )
        continue;
      this.#revocations.push({ tag, seq, committed: this.moment(), certain: null, undone: null });
    }
  }

  /** A mutation returned: its own revocation is certain, and so is everything up to this position. */
  answered(tag: string, committed: Moment, sequence: number): void {
    const now = this.moment();
    for (const revocation of this.#revocations) {
      const own = revocation.tag === tag && revocation.committed.tick < committed.tick;
      if (!revocation.undone && (own || revocation.seq <= sequence)) revocation.certain ??= now;
    }
  }

  /** G1 and G2: a request that begins after the revocation is certain, or a lease after its commit, is rejected. */
  accepted(tags: readonly string[], began: Moment, leaseMs: number, who: string): void {
    for (const { tag, seq, committed, certain, undone } of this.#revocations) {
      if (!tags.includes(tag) || undone) continue;
      const about = `${who} accepted ${tags[0]} in a request of ${began.time} ms; ${tag} was revoked at ${committed.time} ms (${seq})`;
      if (certain && certain.tick < began.tick)
        throw new Violation(`G1: ${about} and was certain at ${certain.time} ms`);
      if (committed.time + leaseOver(leaseMs) + SLACK_MS < began.time) throw new Violation(`G2: ${about}`);
    }
  }

  /** A credential that was valid all the time is not rejected. */
  refused(tags: readonly string[], began: Moment, leaseMs: number, who: string): void {
    const since = began.time - leaseOver(leaseMs) - SLACK_MS;
    const excused = this.#revocations.some(
      (revocation) => tags.includes(revocation.tag) && (revocation.undone?.time ?? Infinity) >= since,
    );
    if (!excused) throw new Violation(`${who} refused ${tags[0]} in a request of ${began.time} ms, and it is valid`);
  }

  /** G1: a mutation waits for at most a lease, and a quarter of one for a round trip. */
  prompt(receipt: Receipt, tag: string, longestLeaseMs: number): void {
    const most = leaseOver(longestLeaseMs) + longestLeaseMs / 4;
    if (receipt.settledInMilliseconds > most + SLACK_MS)
      throw new Violation(`G1: the revocation of ${tag} was answered only after ${receipt.settledInMilliseconds} ms`);
  }

  /** Every field of a receipt must be true, for every replica that may still use its cache. */
  receipt(
    receipt: Receipt,
    tag: string,
    changed: { seq: number; at: number },
    known: { holders: { name: string; applied: number }[]; database: Database; departed: number },
  ): void {
    const untrue = (what: string) => new Violation(`the receipt for ${tag} ${what}: ${JSON.stringify(receipt)}`);
    const sequence = Number(receipt.sequence);
    const { replicas, acknowledged, left } = receipt;
    const { database, departed } = known;
    const behind = known.holders.find(({ applied }) => applied < sequence);
    if (behind) throw untrue(`covers ${behind.name}, which holds a lease and has applied only ${behind.applied}`);
    if (acknowledged + left > replicas) throw untrue('counts more than all');
    if (left > departed) throw untrue(`counts more than the ${departed} that left`);
    const confirmed = [...database.confirmed.values()].filter((applied) => applied >= Math.max(sequence, changed.seq));
    if (acknowledged > confirmed.length) throw untrue(`counts more than the ${confirmed.length} that confirmed`);
    // After the wall clock was set, times do not show which change came first.
    const remembered = !database.wallWasSet && database.state.log.some(({ seq }) => seq === changed.seq);
    if (remembered && Math.abs(receipt.committedAt.getTime() - changed.at) > 1)
      throw untrue(`names another moment than ${changed.at}`);
    if (receipt.propagation === 'ACKNOWLEDGED') {
      if (acknowledged + left !== replicas) throw untrue('does not add up');
      if (sequence < changed.seq) throw untrue(`names a position before its own, ${changed.seq}`);
    }
  }
}
