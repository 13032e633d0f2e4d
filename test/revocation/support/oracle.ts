// What was promised, held against what happened.

import type { Receipt } from '../../../src/revocation/propagation-barrier.ts';
import { leaseOver } from '../../../src/revocation/replica.ts';
import type { Database } from './database.ts';
import type { Timeline } from './timeline.ts';

/** A moment, and its place among all others. */
export interface Moment {
  time: number;
  tick: number;
}

interface Death {
  tag: string;
  seq: number;
  committed: Moment;
  /** When the revoker was answered. */
  certain: Moment | null;
  /** When it was taken back: enabled again, or lost with all that a backup did not hold. */
  undone: Moment | null;
}

const SLACK_MS = 1e-6;

export class Violation extends Error {}

export class Oracle {
  readonly #timeline: Timeline;
  readonly #deaths: Death[] = [];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  moment(): Moment {
    return { time: this.#timeline.now, tick: ++this.#timeline.tick };
  }

  /** Takes over what was committed since the last time. */
  look({ state }: Database): void {
    for (const death of this.#deaths) {
      if (!death.undone && state.dead.get(death.tag) !== death.seq) death.undone = this.moment();
    }
    for (const [tag, seq] of state.dead) {
      if (this.#deaths.some((death) => death.tag === tag && death.seq === seq && !death.undone)) continue;
      this.#deaths.push({ tag, seq, committed: this.moment(), certain: null, undone: null });
    }
  }

  /** A revoker was told that it is certain what he committed, and with it everything up to that position. */
  answered(tag: string, committed: Moment, sequence: number): void {
    const now = this.moment();
    for (const death of this.#deaths) {
      const his = death.tag === tag && death.committed.tick < committed.tick;
      if (!death.undone && (his || death.seq <= sequence)) death.certain ??= now;
    }
  }

  /** G1 and G2: a request that began after it was certain, or a lease after the commit, is not let in. */
  accepted(tags: readonly string[], began: Moment, leaseMs: number, who: string): void {
    for (const { tag, seq, committed, certain, undone } of this.#deaths) {
      if (!tags.includes(tag) || undone) continue;
      const about = `${who} accepted ${tags[0]} in a request of ${began.time} ms; ${tag} died at ${committed.time} ms (${seq})`;
      if (certain && certain.tick < began.tick)
        throw new Violation(`G1: ${about} and was certain at ${certain.time} ms`);
      if (committed.time + leaseOver(leaseMs) + SLACK_MS < began.time) throw new Violation(`G2: ${about}`);
    }
  }

  /** Nobody is turned away who was good all the time. */
  refused(tags: readonly string[], began: Moment, leaseMs: number, who: string): void {
    const since = began.time - leaseOver(leaseMs) - SLACK_MS;
    const excused = this.#deaths.some((death) => tags.includes(death.tag) && (death.undone?.time ?? Infinity) >= since);
    if (!excused) throw new Violation(`${who} refused ${tags[0]} in a request of ${began.time} ms, and it is good`);
  }

  /** G1: the answer takes a lease at most, and a quarter of one for a round trip. */
  prompt(receipt: Receipt, tag: string, longestLeaseMs: number): void {
    const most = leaseOver(longestLeaseMs) + longestLeaseMs / 4;
    if (receipt.settledInMilliseconds > most + SLACK_MS)
      throw new Violation(`G1: the revocation of ${tag} was answered only after ${receipt.settledInMilliseconds} ms`);
  }

  /** What a receipt says must be so, of everybody who could still use his cache. */
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
    if (behind) throw untrue(`speaks for ${behind.name}, who holds a lease and knows of ${behind.applied} only`);
    if (acknowledged + left > replicas) throw untrue('counts more than all');
    if (left > departed) throw untrue(`counts more than the ${departed} who left`);
    const confirmed = [...database.confirmed.values()].filter((applied) => applied >= Math.max(sequence, changed.seq));
    if (acknowledged > confirmed.length) throw untrue(`counts more than the ${confirmed.length} who confirmed`);
    // By a calendar that was set, nobody can tell what came first.
    const remembered = !database.wallWasSet && database.state.log.some(({ seq }) => seq === changed.seq);
    if (remembered && Math.abs(receipt.committedAt.getTime() - changed.at) > 1)
      throw untrue(`names another moment than ${changed.at}`);
    if (receipt.propagation === 'ACKNOWLEDGED') {
      if (acknowledged + left !== replicas) throw untrue('does not add up');
      if (sequence < changed.seq) throw untrue(`names a position before its own, ${changed.seq}`);
    }
  }
}
