// The protocol with one mistake each. Every mistake looks reasonable, and breaks a promise.
import type { Edit } from './code.ts';

const replica = (find: string, replace: string): Edit => ({ file: 'revocation/replica.ts', find, replace });
const lease = (find: string, replace: string): Edit => ({ file: 'revocation/lease.ts', find, replace });
const barrier = (find: string, replace: string): Edit => ({
  file: 'revocation/propagation-barrier.ts',
  find,
  replace,
});
const memory = (find: string, replace: string): Edit => ({ file: 'revocation/invalidation-memory.ts', find, replace });
const cache = (find: string, replace: string): Edit => ({ file: 'credentials/cache/auth-cache.ts', find, replace });

/** The seeds only save time: with another seed, the search finds the same mistake some hundred runs later. */
export const VARIANTS: { variant: string; edits: Edit[]; seed?: number }[] = [
  {
    variant: 'no wait: the mutation returns right after the commit',
    edits: [barrier('return wait.silent.length === 0 && row.primaryConfirmed;', 'return true;')],
  },
  {
    variant: 'no lease: a cached entry is valid until it is invalidated',
    seed: 2,
    edits: [replica('monotonic >= forgetAt || this.#lease.remaining(monotonic) <= 0', 'monotonic >= forgetAt')],
  },
  {
    variant: 'too short a wait: the drift of clocks is ignored',
    seed: 61,
    edits: [lease('leaseMs * (1 + CLOCK_DRIFT)', 'leaseMs')],
  },
  {
    variant: 'a late stamp: the lease starts when the answer arrives',
    seed: 20,
    edits: [
      lease('monotonic + leaseMs;', 'this.#clock.monotonic() + leaseMs;'),
      lease('wall + leaseMs;', 'this.#clock.now().getTime() + leaseMs;'),
    ],
  },
  {
    variant: 'a wall clock that was set back is trusted',
    edits: [lease('left > 0 && wall >= this.#fromWall', 'left > 0')],
  },
  {
    variant: 'no check of fills: what was just read is used',
    edits: [
      cache(
        'const loaded = await this.#load(',
        'const joins = this.#loading.has(fingerprint);\nconst loaded = await this.#load(',
      ),
      cache('if (this.#isFresh(loaded)) {', 'if (!joins || this.#isFresh(loaded)) {'),
      cache("this.#isFresh({ ...cached, server, forgetAt, layer: 'shared' }),", 'cached !== null,'),
    ],
  },
  {
    variant: 'no check of joiners: a request that joins a load uses its answer',
    edits: [
      cache(
        'const loaded = await this.#load(',
        'const joins = this.#loading.has(fingerprint);\nconst loaded = await this.#load(',
      ),
      cache('if (this.#isFresh(loaded)) {', 'if (joins || this.#isFresh(loaded)) {'),
    ],
  },
  {
    variant: 'no floor: a replica that has just started uses old entries',
    edits: [memory('if (cached.asOf < this.#floor) return false;', '')],
  },
  {
    variant: 'acknowledgement before the log is applied',
    seed: 23,
    edits: [
      replica(
        'if (!this.#apply(row)) {',
        'if (row.acknowledged < row.seq) await sql.query(ACKNOWLEDGE, [this.#id, row.seq]);\nif (!this.#apply(row)) {',
      ),
    ],
  },
  {
    variant: 'registration after the first snapshot',
    seed: 11,
    edits: [
      replica('this.#id ??= await this.#register();', ''),
      replica('if (!row.registered || row.suspect ||', 'if ((this.#id && !row.registered) || row.suspect ||'),
      replica('if (row.acknowledged <', 'this.#id ??= await this.#register();\nif (row.acknowledged <'),
    ],
  },
  {
    variant: 'one-step fence: the row of a silent replica is deleted at once',
    edits: [barrier('leaseOver(leaseMs) + 1', '0')],
  },
  {
    variant: 'no check of `suspect`: a replica that was marked continues',
    seed: 12,
    edits: [replica('|| row.suspect ||', '||')],
  },
  {
    variant: 'a fence removes every silent replica, also one that another fence has just marked',
    seed: 13,
    edits: [barrier('EXPEL, [marked]', 'EXPEL, [silent]')],
  },
  {
    variant: 'no wait for the longer lease of another replica',
    seed: 23,
    edits: [
      barrier('wait.leaseMs = replica.longestLeaseMs;', 'wait.leaseMs = 1000;'),
      barrier('Math.max(replica.longestLeaseMs, ...replicas.map(({ leaseMs }) => leaseMs))', '1000'),
    ],
  },
  {
    variant: 'a longer lease is taken before all registered replicas know of it',
    seed: 23,
    edits: [replica('row.shortestLeaseMs ?? Number.POSITIVE_INFINITY', 'Number.POSITIVE_INFINITY')],
  },
  {
    variant: 'the length of the wait is assumed without a lease and without an answer',
    seed: 6,
    edits: [barrier('if (!wait.first && replica.leaseRemaining() > 0)', 'if (!wait.first)')],
  },
  {
    variant: 'the wait starts at the first answer, however late it is',
    edits: [barrier('if (now - wait.committed <= leaseMs / 4) {', '{')],
  },
  {
    variant: 'one clock for a lease: the monotonic one, which stands still while the machine sleeps',
    edits: [lease(', this.#untilWall - wall)', ', Number.POSITIVE_INFINITY)')],
  },
  {
    variant: 'one clock for a lease: the wall clock, which may be set',
    edits: [lease('Math.min(this.#untilMonotonic - monotonic, ', 'Math.min(Number.POSITIVE_INFINITY, ')],
  },
  {
    variant: 'deregistration before the lease is given up',
    edits: [
      replica(
        'this.#forget();\n    if (id) await this.#options.sql.query(DEREGISTER, [id]);',
        'if (id) await this.#options.sql.query(DEREGISTER, [id]);\n    this.#forget();',
      ),
    ],
  },
  {
    variant: 'an invalidation is forgotten, and older entries are still used',
    edits: [memory('this.#floor = oldest.seq;', '')],
  },
  {
    variant: 'a shared read without a lease: a later request joins a read that is in flight',
    edits: [cache('return await this.#loadDirectly(load);', 'return await this.#load(fingerprint, load);')],
  },
  {
    variant: 'a new server is trusted at once',
    edits: [barrier('&& row.primaryConfirmed', '')],
  },
  {
    variant: 'a new server is confirmed before the leases of the previous one have expired',
    edits: [replica('now - this.#server.since < leaseOver(this.#longestLeaseMs)', 'false')],
  },
  {
    variant: 'a position is compared with the log of another server',
    edits: [cache('entry.server === replica.serverIdentity && ', '')],
  },
  {
    variant: 'a gap in the log is ignored',
    edits: [replica('} else if (log.length !== row.seq - this.#applied) {', '} else if (false) {')],
  },
  {
    variant: 'the wait ends one position too early',
    edits: [barrier('applied < seq && !wait.marked', 'applied < seq - 1 && !wait.marked')],
  },
];
