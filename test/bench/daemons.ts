// Ten thousand daemons that authenticate every 15 s: what recording their last use costs.
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { ServerProcess } from '../support/server-process.ts';
import { interleave } from './interleave.ts';
import type { Servers } from './servers.ts';
import { differences } from './statistics.ts';
import type { Row } from './table.ts';

const DAEMONS = 10_000;
const HEARTBEAT_SECONDS = 15;
/** Long enough for several writes and several syncs. */
const ROUND_MS = 5000;
const ROUNDS = { rounds: 6, warmUp: 1 };
const CONNECTIONS = 16;
/** PostgreSQL shows what a connection has done about a second later. */
const REPORTED_MS = 1500;

const INSERT_DAEMONS = [
  `insert into workspaces (id, name, created_at) values ('wsp_bench', 'bench', now())`,
  `insert into daemons (id, workspace_id, daemon_id, subject, created_at)
    select 'dae_' || i, 'wsp_bench', 'daemon-' || i, 'wsp_bench:daemon-' || i, now() from generate_series(1, $1::int) as i`,
  `insert into daemon_tokens (id, registration_id, workspace_id, daemon_id, hint, secret_hash, scopes, permissions,
      created_at, first_expires_at, expires_at)
    select 'dmn_' || i, 'dae_' || i, 'wsp_bench', 'daemon-' || i, 'rkd_…0000', secret_hash, '{}', '{}',
      now(), now() + interval '1 day', now() + interval '1 day'
    from unnest($1::text[]) with ordinality as new (secret_hash, i)`,
] as const;

/** Statements per second, by PostgreSQL's own count of transactions. Every use is due to be written. */
export async function daemonRows(servers: Servers): Promise<Row[]> {
  const environment = await servers.database('daemons');
  const database = new URL(environment.DATABASE_URL).pathname.slice(1);
  const secrets = Array.from({ length: DAEMONS }, () => makeSecret('rkd'));
  await servers.fill(database, [
    [INSERT_DAEMONS[0]],
    [INSERT_DAEMONS[1], [DAEMONS]],
    [INSERT_DAEMONS[2], [secrets.map(sha256Base64url)]],
  ]);
  const replica = await ServerProcess.replica({
    ...environment,
    REKEY_LAST_USED_SECONDS: String(HEARTBEAT_SECONDS),
  });
  try {
    const daemons = new Daemons(replica.url, secrets);
    await daemons.authenticate(DAEMONS, 0); // From now on, all are in the memory of the replica.
    const transactions = async () => {
      const [row] = await servers.postgres.query<{ count: string }>(
        'select xact_commit + xact_rollback as count from pg_stat_database where datname = $1',
        [database],
      );
      return Number(row!.count);
    };
    const perSecond = (uses: number) => async () => {
      await sleep(REPORTED_MS);
      const before = await transactions();
      const start = performance.now();
      if (uses > 0) await daemons.authenticate(uses, ROUND_MS);
      else await sleep(ROUND_MS);
      await sleep(REPORTED_MS);
      return ((await transactions()) - before) / ((performance.now() - start) / 1000);
    };
    const uses = (DAEMONS / HEARTBEAT_SECONDS) * (ROUND_MS / 1000);
    const { idle, used } = await interleave({ idle: perSecond(0), used: perSecond(Math.round(uses)) }, ROUNDS);
    return [
      { what: 'one replica, idle', unit: 'statements/s', samples: idle },
      {
        what: `  with ${DAEMONS} daemons that authenticate every ${HEARTBEAT_SECONDS} s`,
        unit: 'statements/s',
        samples: used,
      },
      {
        what: '  their last uses (difference)',
        unit: 'statements/s',
        samples: differences(used, idle),
        target: { atMost: 1 },
      },
    ];
  } finally {
    await replica.stop();
  }
}

/** Daemons that authenticate in turn. */
class Daemons {
  readonly #url: string;
  readonly #secrets: readonly string[];
  #next = 0;

  constructor(url: string, secrets: readonly string[]) {
    this.#url = url;
    this.#secrets = secrets;
  }

  /** The next `count` of them authenticate within this time, evenly; 0: as fast as they can. */
  async authenticate(count: number, milliseconds: number): Promise<void> {
    const start = performance.now();
    let sent = 0;
    const one = async () => {
      while (sent < count) {
        const wait = start + (milliseconds * sent++) / count - performance.now();
        const secret = this.#secrets[this.#next++ % this.#secrets.length]!;
        if (wait > 1) await sleep(wait);
        const { status } = await fetch(`${this.#url}/v1/verify`, { headers: { Authorization: `Bearer ${secret}` } });
        if (status !== 204) throw new Error(`A daemon got ${status}.`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
  }
}
