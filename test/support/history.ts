// What clients observed of an installation, by one monotonic clock, and whether it satisfies the promise.

/** accepted: 204. refused: 401. unavailable: 503. unanswered: the connection ended first. Else the status itself. */
export type Verdict = 'accepted' | 'refused' | 'unavailable' | 'unanswered' | number;

export interface Receipt {
  committedAt: string;
  sequence: string;
  propagation: 'ACKNOWLEDGED' | 'LEASE_EXPIRED';
  replicas: number;
  acknowledged: number;
  left: number;
  settledInMilliseconds: number;
}

/** One row of the invalidation log. */
export interface LogRow {
  seq: number;
  tag: string;
  /** Milliseconds since the epoch, by the database's clock. */
  at: number;
}

interface Verify {
  replica: string;
  secret: string;
  began: number;
  ended: number;
  verdict: Verdict;
}

export interface Revocation {
  readonly tag: string;
  /** Every secret that it revokes. Secrets can be added while it runs, e.g. of keys that are created meanwhile. */
  readonly secrets: string[];
  /** Until here every replica that can decide must accept. */
  began: number;
  /** From here on no replica may accept: the time of the response, or the latest time that a story allows. */
  certainFrom: number | null;
  receipt: Receipt | null;
}

interface Outage {
  replica: string;
  from: number;
  until: number;
}

/** The factor by which a clock that is 1 % too slow extends a lease. */
export const DRIFT = 1.01;
/** The difference of times that two clocks of one machine have rounded. */
const ROUNDING_MS = 2;
const MOST_SHOWN = 10;

export class History {
  readonly verifies: Verify[] = [];
  readonly revocations: Revocation[] = [];
  readonly #outages: Outage[] = [];
  readonly #never = new Set<string>();

  /** Must be called before the request is sent. Call the returned function with the outcome. */
  verifying(replica: string, secret: string): (verdict: Verdict) => Verdict {
    const began = performance.now();
    return (verdict) => {
      this.verifies.push({ replica, secret, began, ended: performance.now(), verdict });
      return verdict;
    };
  }

  /** Must be called before the request to revoke is sent. */
  revoking(tag: string, secrets: readonly string[]): Revocation {
    const revocation: Revocation = {
      tag,
      secrets: [...secrets],
      began: performance.now(),
      certainFrom: null,
      receipt: null,
    };
    this.revocations.push(revocation);
    return revocation;
  }

  /** Must be called as soon as the response has arrived. */
  answered(revocation: Revocation, receipt: Receipt): void {
    revocation.certainFrom = performance.now();
    revocation.receipt = receipt;
  }

  /** This secret was never issued, so no replica may ever accept it. */
  neverIssued(secret: string): void {
    this.#never.add(secret);
  }

  /** Until the returned function is called, this replica may return 503 or not respond. */
  mayBeUnavailable(replica: string): () => void {
    const outage: Outage = { replica, from: performance.now(), until: Number.POSITIVE_INFINITY };
    this.#outages.push(outage);
    return () => {
      outage.until = performance.now();
    };
  }

  count(verdict: Verdict, replica?: string): number {
    return this.verifies.filter((each) => each.verdict === verdict && (!replica || each.replica === replica)).length;
  }

  /** The first violations of the promise, as messages. */
  violations(log: LogRow[], leaseMs: number): string[] {
    return [...this.#wrongVerdicts(), ...this.#untrueReceipts(log, leaseMs)].slice(0, MOST_SHOWN);
  }

  *#wrongVerdicts(): Generator<string> {
    const bySecret = new Map<string, Revocation[]>();
    for (const revocation of this.revocations) {
      for (const secret of revocation.secrets) bySecret.set(secret, [...(bySecret.get(secret) ?? []), revocation]);
    }
    for (const verify of this.verifies) {
      const { replica, secret, began, ended, verdict } = verify;
      const who = `${replica}, ${secret.slice(0, 8)}…${secret.slice(-4)}`;
      const ofIt = bySecret.get(secret) ?? [];
      if (verdict === 'accepted') {
        if (this.#never.has(secret)) yield `${who}: accepted, but never issued`;
        const certain = Math.min(...ofIt.map(({ certainFrom }) => certainFrom ?? Number.POSITIVE_INFINITY));
        if (began > certain)
          yield `${who}: accepted in a request that began ${ms(began - certain)} after it was certain`;
      } else if (verdict === 'refused') {
        const earliest = Math.min(...ofIt.map((revocation) => revocation.began));
        if (!this.#never.has(secret) && ended < earliest) yield `${who}: refused, but not revoked`;
      } else if (verdict === 'unavailable' || verdict === 'unanswered') {
        const isExpected = this.#outages.some((o) => o.replica === replica && o.from <= ended && began <= o.until);
        if (!isExpected) yield `${who}: ${verdict} although nothing had failed, after ${ms(ended - began)}`;
      } else {
        yield `${who}: unexpected status ${verdict}`;
      }
    }
  }

  *#untrueReceipts(log: LogRow[], leaseMs: number): Generator<string> {
    const toWall = performance.timeOrigin;
    let answeredBefore: { at: number; sequence: number }[] = [];
    const committedBefore = new Map<string, number[]>();
    for (const { tag, began, certainFrom, receipt } of this.revocations) {
      if (!receipt) continue;
      const sequence = Number(receipt.sequence);
      const committedAt = Date.parse(receipt.committedAt);
      const answered = certainFrom!;
      const rows = log.filter((each) => each.tag === tag && each.at <= answered + toWall + ROUNDING_MS);
      const meanwhile = rows.filter(({ at }) => at >= began + toWall - ROUNDING_MS);
      const acknowledged = receipt.propagation === 'ACKNOWLEDGED';
      const wrong = (what: string) => `the receipt for ${tag} ${what}: ${JSON.stringify(receipt)}`;
      const isCommitTime = (at: number) => Math.abs(committedAt - at) <= ROUNDING_MS;

      if (rows.length === 0) yield wrong('is for something that is not in the log');
      else if (receipt.acknowledged > 0) {
        // A replica was asked, so the database responded after the commit.
        const own = (meanwhile.length > 0 ? meanwhile : rows).filter(({ at }) => isCommitTime(at));
        if (own.length === 0) yield wrong(`has another time than the log, ${rows.map(({ at }) => at)}`);
        // That response may have been too late to wait for every position in it.
        else if (acknowledged && sequence < own[0]!.seq) yield wrong(`has a position before its own, ${own[0]!.seq}`);
        // It was already revoked, so nothing changed. The receipt must name the earlier revocation.
        const before = committedBefore.get(tag);
        if (meanwhile.length === 0 && before && !before.some(isCommitTime))
          yield wrong(`has none of the times ${before}`);
      }
      committedBefore.set(tag, [...(committedBefore.get(tag) ?? []), committedAt]);
      if (committedAt > answered + toWall + ROUNDING_MS) yield wrong('has a commit after the response');
      if (sequence > Math.max(...log.map(({ seq }) => seq))) yield wrong('has a position that is not in the log');
      if (acknowledged && answeredBefore.some((other) => other.at < began && other.sequence > sequence))
        yield wrong('has a position before that of an earlier receipt');
      const hadOutage = this.#outages.some(({ from, until }) => from <= answered && began <= until);
      if (receipt.left > 0 && !hadOutage) yield wrong('counts a replica as left, and none left');
      const counted = receipt.acknowledged + receipt.left;
      const addsUp = acknowledged ? counted === receipt.replicas : counted <= receipt.replicas;
      if (!addsUp || receipt.replicas < 1) yield wrong('has numbers of replicas that do not add up');
      if (receipt.settledInMilliseconds > answered - began + ROUNDING_MS)
        yield wrong('has a wait that is longer than the request');
      if (!acknowledged && receipt.settledInMilliseconds < leaseMs * DRIFT - ROUNDING_MS) {
        yield wrong('is LEASE_EXPIRED before the leases had expired');
      }
      answeredBefore = [...answeredBefore, { at: answered, sequence }];
    }
  }
}

const ms = (duration: number) => `${duration.toFixed(1)} ms`;
