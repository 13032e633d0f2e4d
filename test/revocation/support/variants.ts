// The protocol with one thing wrong: each of these looks reasonable, and each breaks a promise.
import type { Edit } from './code.ts';

const replica = (find: string, replace: string): Edit => ({ file: 'revocation/replica.ts', find, replace });
const barrier = (find: string, replace: string): Edit => ({
  file: 'revocation/propagation-barrier.ts',
  find,
  replace,
});
const memory = (find: string, replace: string): Edit => ({ file: 'revocation/invalidation-memory.ts', find, replace });
const cache = (find: string, replace: string): Edit => ({ file: 'credentials/cache/auth-cache.ts', find, replace });

/** The seeds only save time: with any other, the same is found some hundred runs later. */
export const VARIANTS: { variant: string; edits: Edit[]; seed?: number }[] = [
  {
    variant: 'no wait: the answer follows the commit',
    edits: [barrier('return wait.silent.length === 0 && row.primaryConfirmed;', 'return true;')],
  },
  {
    variant: 'no lease: what is cached is good until somebody says otherwise',
    seed: 2,
    edits: [replica('monotonic >= forgetAt || this.#leaseLeft(monotonic) <= 0', 'monotonic >= forgetAt')],
  },
  {
    variant: 'too short a wait: clocks are taken to agree',
    seed: 61,
    edits: [replica('leaseMs * (1 + CLOCK_DRIFT)', 'leaseMs')],
  },
  {
    variant: 'stamp at receipt: the lease begins when the answer is there',
    seed: 5,
    edits: [
      replica('monotonic + this.#leaseMs;', 'clock.monotonic() + this.#leaseMs;'),
      replica('wall + this.#leaseMs;', 'clock.now().getTime() + this.#leaseMs;'),
    ],
  },
  {
    variant: 'trusting a calendar that was set back',
    edits: [replica('left > 0 && wall >= this.#leaseFromWall', 'left > 0')],
  },
  {
    variant: 'no gate on fills: what was just read is believed',
    edits: [
      cache(
        'const loaded = await this.#load(',
        'const joins = this.#loading.has(fingerprint);\nconst loaded = await this.#load(',
      ),
      cache('if (this.#isFresh(loaded)) return', 'if (!joins || this.#isFresh(loaded)) return'),
      cache('(cached) => this.#isFresh({ ...cached, server, forgetAt })', '() => true'),
    ],
  },
  {
    variant: 'ungated joiners: who joins a load believes its answer',
    edits: [
      cache(
        'const loaded = await this.#load(',
        'const joins = this.#loading.has(fingerprint);\nconst loaded = await this.#load(',
      ),
      cache('if (this.#isFresh(loaded)) return', 'if (joins || this.#isFresh(loaded)) return'),
    ],
  },
  {
    variant: 'no floor: a replica that has just come up believes old entries',
    edits: [memory('if (cached.asOf < this.#floor) return false;', '')],
  },
  {
    variant: 'acknowledging before applying',
    seed: 23,
    edits: [
      replica(
        'if (!this.#apply(row)) {',
        'if (row.acknowledged < row.seq) await sql.query(ACKNOWLEDGE, [this.#id, row.seq]);\nif (!this.#apply(row)) {',
      ),
    ],
  },
  {
    variant: 'registering in the same snapshot: the first look comes first',
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
    variant: 'ignoring `suspect`: a replica that was fenced goes on as before',
    seed: 12,
    edits: [replica('|| row.suspect ||', '||')],
  },
  {
    variant: 'expelling whoever was silent, though somebody else marked him, and only now',
    seed: 13,
    edits: [barrier('EXPEL, [marked]', 'EXPEL, [silent]')],
  },
  {
    variant: 'not waiting for the longer lease of another replica',
    seed: 23,
    edits: [
      barrier('wait.leaseMs = replica.longestLeaseMs;', 'wait.leaseMs = 1000;'),
      barrier('Math.max(replica.longestLeaseMs, ...replicas.map(({ leaseMs }) => leaseMs))', '1000'),
    ],
  },
  {
    variant: 'taking a longer lease while others who are registered may not know of it',
    seed: 23,
    edits: [replica('row.shortestLeaseMs ?? Number.POSITIVE_INFINITY', 'Number.POSITIVE_INFINITY')],
  },
  {
    variant: 'knowing how long to wait without a lease, and without having asked',
    seed: 6,
    edits: [barrier('if (!wait.first && replica.leaseRemaining() > 0)', 'if (!wait.first)')],
  },
  {
    variant: 'beginning to wait when the first look is there, however late that is',
    edits: [barrier('if (now - wait.committed <= leaseMs / 4) {', '{')],
  },
  {
    variant: 'one clock for a lease: the monotonic one, which stands still while the machine sleeps',
    edits: [replica(', this.#leaseUntilWall - wall)', ', Number.POSITIVE_INFINITY)')],
  },
  {
    variant: 'one clock for a lease: the calendar, which may be set',
    edits: [replica('Math.min(this.#leaseUntilMonotonic - monotonic, ', 'Math.min(Number.POSITIVE_INFINITY, ')],
  },
  {
    variant: 'leaving before the lease is given up',
    edits: [
      replica(
        'this.#forget();\n    if (id) await this.#options.sql.query(DEREGISTER, [id]);',
        'if (id) await this.#options.sql.query(DEREGISTER, [id]);\n    this.#forget();',
      ),
    ],
  },
  {
    variant: 'forgetting an invalidation, and believing what is older than it',
    edits: [memory('this.#floor = oldest.seq;', '')],
  },
  {
    variant: 'a shared read without a lease: whoever arrives later joins one that is under way',
    edits: [cache('return await this.#loadDirectly(load);', 'return await this.#load(fingerprint, load);')],
  },
  {
    variant: 'believing a new server at once',
    edits: [barrier('&& row.primaryConfirmed', '')],
  },
  {
    variant: 'confirming a new server before the leases of the one before are over',
    edits: [replica('now - this.#server.since < leaseOver(this.#longestLeaseMs)', 'false')],
  },
  {
    variant: 'taking a position for one in the log of another server',
    edits: [cache('entry.server === replica.serverIdentity && ', '')],
  },
  {
    variant: 'ignoring a gap in the log',
    edits: [replica('} else if (log.length !== row.seq - this.#applied) {', '} else if (false) {')],
  },
  {
    variant: 'waiting for the one before the last',
    edits: [barrier('applied < seq && !wait.marked', 'applied < seq - 1 && !wait.marked')],
  },
];
