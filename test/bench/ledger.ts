// The cost of a long ledger: the list of access tokens that were revoked one by one and have not expired.
import { decodeJwt } from 'jose';
import { firstUse, givenTokens, ID_OF_I, MILLION } from './access-tokens.ts';
import { type Administrator, revokeAccessToken } from './client.ts';
import { type App, serve, startApp } from './in-process.ts';
import { interleave, oneCall } from './interleave.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row, Unit } from './table.ts';

const THOUSAND = 1000;
/**
 * How often both replicas are started again. On a busy machine, one of two equal replicas is slower for seconds, because
 * its database process shares a core with another process. Only other pairs at other times even this out.
 */
const PAIRS = 8;
const USES = { rounds: 500, warmUp: 100, longestMs: 2000 };
const TOKENS = USES.rounds + USES.warmUp;
const REVOCATIONS = { rounds: 60, warmUp: 8, longestMs: 3000 };

/** The entries of one day, each of a session of its own, evenly spread over the same million. */
const INSERT_ENTRIES = `insert into access_token_revocations
    (id, jti, session_id, user_id, revoked_at, expires_at, reason, revoked_by)
  select 'rev_' || id, 'ses_' || id || '.' || gen_random_uuid(), 'ses_' || id, $2, at, at + interval '1 day', 'SIGNED_OUT', $2
  from (
    select ${ID_OF_I} as id, now() - make_interval(secs => 86400 * (1 - i::float8 / ${MILLION})) as at
    from generate_series(1, ${MILLION}, ${MILLION} / $1::int) as i
  ) as entries`;

/** Two replicas and the tokens of each. */
interface Pair {
  short: App;
  few: string[];
  long: App;
  many: string[];
}

interface Samples {
  short: number[];
  long: number[];
}

/** Reads of a ledger (at the first use of a token) and writes to it, of a short and a long one in turns. */
export async function ledgerRows(servers: Servers): Promise<Row[]> {
  const environments = [await databaseWithLedger(servers, THOUSAND), await databaseWithLedger(servers, MILLION)];
  const uses: Samples[] = [];
  const revocations: Samples[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const apps = await Promise.all(environments.map(startApp));
    const [short, long] = apps as [App, App];
    try {
      const few = await givenTokens(short, servers.administrator, TOKENS);
      const many = await givenTokens(long, servers.administrator, TOKENS);
      uses.push(await interleave({ short: firstUse(short, few), long: firstUse(long, many) }, USES));
      revocations.push(await revokeInTurns(servers.administrator, { short, few, long, many }));
    } finally {
      for (const app of apps) await app.close();
    }
  }
  return [...rowsOf('first use', 'µs', uses), ...rowsOf('revokeAccessToken', 'ms', revocations)];
}

/** Revokes tokens that their replica has in its memory, over HTTP: whole mutations, up to their receipts. */
function revokeInTurns(administrator: Administrator, { short, few, long, many }: Pair): Promise<Samples> {
  const revoke = (url: string, tokens: string[]) => {
    const jtis = tokens.map((token) => decodeJwt(token).jti!);
    return oneCall(() => revokeAccessToken(url, jtis.pop()!, administrator));
  };
  return serve(short, (shortUrl) =>
    serve(long, (longUrl) => interleave({ short: revoke(shortUrl, few), long: revoke(longUrl, many) }, REVOCATIONS)),
  );
}

function rowsOf(what: string, unit: Unit, samples: Samples[]): Row[] {
  const short = samples.flatMap((some) => some.short);
  const long = samples.flatMap((some) => some.long);
  return [
    { what: `${what}, a thousand in the ledger`, unit, samples: short },
    {
      what: `${what}, a million in the ledger / a thousand`,
      unit,
      samples: long,
      ratio: ratios(long, short),
      target: { atMost: 1.1 },
    },
  ];
}

/** A database whose ledger has this many entries. Returns the environment of a replica on it. */
async function databaseWithLedger(servers: Servers, size: number): Promise<Record<string, string>> {
  const name = `ledger_${size}`;
  const environment = await servers.database(name);
  await servers.fill(name, [
    [INSERT_ENTRIES, [size, servers.administrator.id]],
    ['vacuum (analyze) access_token_revocations'],
    ['checkpoint'], // Otherwise the server would still write these rows to the disk during the measurement.
  ]);
  return { ...environment, REDIS_URL: '' }; // Redis would only stand between a first use and the database.
}
