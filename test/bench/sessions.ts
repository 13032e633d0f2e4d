import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { Passwords } from '../../src/accounts/password.ts';
import { ServerProcess } from '../support/server-process.ts';
import { firstUse, givenTokens } from './access-tokens.ts';
import { ADMINISTRATOR, type Administrator, bootstrap, ENVIRONMENT, login, refresh } from './client.ts';
import { ALMOST_ALL, type App, givenKeys, HITS_A_ROUND, known, serve, startApp } from './in-process.ts';
import { interleave, type Measure, oneCall, perAwaitedCall, perCall } from './interleave.ts';
import { ledgerRows } from './ledger.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { differences, median, ratios } from './statistics.ts';
import type { Row } from './table.ts';

/** As many keys as tokens, so that both are equally cold when their turn comes. */
const CACHED = 1000;
const HITS = { rounds: 1200, warmUp: 300, longestMs: 8000 };
const FIRST_USES = { rounds: 2000, warmUp: 400, longestMs: 8000 };
const LOGINS = { rounds: 50, warmUp: 15, longestMs: 10_000 };
const CHAINS = 4;
const CHAIN_ROUND_MS = 250;
/** A process that has just started takes twice as long, for hundreds of refreshes. */
const CHAIN_ROUNDS = { rounds: 16, warmUp: 12 };

export async function sessions(servers: Servers | null): Promise<Report> {
  const environment = await servers?.database('sessions');
  const tokens = await tokenRows(environment, servers?.administrator);
  const { rows, notes } = await httpReport(environment);
  if (!servers) {
    return { rows: [...tokens, ...rows], notes: [...notes, 'SKIPPED: the ledger of a million entries'] };
  }
  return { rows: [...tokens, ...rows, ...(await ledgerRows(servers))], notes };
}

/** The cost of an access token in the process that checks it: a cached one, and one at its first use. */
async function tokenRows(environment = {}, owner?: Administrator): Promise<Row[]> {
  const app = await startApp({ ...environment, REDIS_URL: '' });
  try {
    const administrator = owner ?? (await serve(app, bootstrap));
    const secrets = await givenKeys(app, administrator, CACHED);
    const tokens = await givenTokens(app, administrator, CACHED + FIRST_USES.rounds + FIRST_USES.warmUp);
    const hits = await hitRows(app, secrets, tokens.splice(0, CACHED));
    return [...hits, ...(await firstUseRows(app, tokens))];
  } finally {
    await app.close();
  }
}

async function hitRows(app: App, secrets: string[], tokens: string[]): Promise<Row[]> {
  const { authenticator, cache } = app;
  const hits = async (credentials: string[]): Promise<Measure<number>> => {
    const requests = await known(app, credentials);
    return perCall(HITS_A_ROUND, (index) => authenticator.authenticate(requests[index % requests.length]!));
  };
  const contestants = { token: await hits(tokens), key: await hits(secrets) };
  const before = cache.counts.memory;
  const { token, key } = await interleave(contestants, HITS);
  const share = (cache.counts.memory - before) / (2 * HITS_A_ROUND * (token.length + HITS.warmUp));
  if (share < ALMOST_ALL) throw new Error(`Only ${share} of the lookups were hits.`);
  return [
    { what: 'hit: access token', unit: 'µs', samples: token, target: { atMost: 3 } },
    { what: '  an API key beside it', unit: 'µs', samples: key },
  ];
}

async function firstUseRows(app: App, tokens: string[]): Promise<Row[]> {
  const { issuer } = app.config;
  const key = await app.jwtKeys.verifying(decodeProtectedHeader(tokens[0]!).kid!);
  const options = { algorithms: ['EdDSA'], typ: 'at+jwt', issuer, audience: issuer };
  const { first, jose } = await interleave(
    { first: firstUse(app, tokens), jose: perAwaitedCall(1, () => jwtVerify(tokens.pop()!, key!, options)) },
    FIRST_USES,
  );
  return [
    { what: 'first use of an access token: jose, one read, the check', unit: 'µs', samples: first },
    { what: '  jose alone / first use', unit: 'µs', samples: jose, ratio: ratios(jose, first) },
    { what: '  the read and the check alone (difference)', unit: 'µs', samples: differences(first, jose) },
  ];
}

/** What a user waits for: login and refresh over HTTP, at a replica in a process of its own. */
async function httpReport(given?: Record<string, string>): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-bench-'));
  const replica = await ServerProcess.replica(given ?? { ...ENVIRONMENT, REKEY_DATA_DIR: directory });
  try {
    if (!given) await bootstrap(replica.url);
    const refreshes = await refreshRows(replica); // First, because they also warm up what a login needs.
    const { rows, notes } = await loginReport(replica);
    return { rows: [...rows, ...refreshes], notes };
  } finally {
    await replica.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function loginReport({ url }: ServerProcess): Promise<Report> {
  const { password } = ADMINISTRATOR;
  const passwords = new Passwords(1);
  const hash = await passwords.hash(password);
  const { whole, argon2id } = await interleave(
    { whole: oneCall(() => login(url)), argon2id: oneCall(() => passwords.verify(hash, password)) },
    LOGINS,
  );
  const share = ratios(argon2id, whole);
  return {
    rows: [
      { what: 'login, one after another', unit: 'ms', samples: whole },
      { what: '  one argon2id verification alone / login', unit: 'ms', samples: argon2id, ratio: share },
    ],
    notes: [`${(median(share) * 100).toFixed(0)} % of a login is argon2id (${hash.split('$')[3]})`],
  };
}

interface ChainSample {
  perSecond: number;
  /** The median of the round. */
  milliseconds: number;
  /** CPU time of the server for one refresh, in microseconds. */
  cpu: number;
}

async function refreshRows(replica: ServerProcess): Promise<Row[]> {
  const chains = await Promise.all(Array.from({ length: CHAINS }, () => chain(replica.url)));
  const { alone, together } = await interleave(
    { alone: () => chainRound(replica, chains.slice(0, 1)), together: () => chainRound(replica, chains) },
    CHAIN_ROUNDS,
  );
  return [
    { what: 'refresh, one session', unit: 'ms', samples: alone.map(({ milliseconds }) => milliseconds) },
    {
      what: `refresh, ${CHAINS} sessions at once`,
      unit: 'refreshes/s',
      samples: together.map(({ perSecond }) => perSecond),
    },
    { what: '  each of them', unit: 'ms', samples: together.map(({ milliseconds }) => milliseconds) },
    { what: '  CPU of the server', unit: 'µs', samples: together.map(({ cpu }) => cpu) },
  ];
}

/** One session: each call exchanges the refresh token that the call before has returned. */
async function chain(url: string): Promise<Measure<number>> {
  let refreshToken = await login(url);
  return oneCall(async () => {
    refreshToken = await refresh(url, refreshToken);
  });
}

async function chainRound(replica: ServerProcess, chains: Measure<number>[]): Promise<ChainSample> {
  const samples: number[] = [];
  const cpuBefore = await replica.cpu();
  const start = performance.now();
  await Promise.all(
    chains.map(async (next) => {
      while (performance.now() < start + CHAIN_ROUND_MS) samples.push(await next());
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const cpu = (await replica.cpu()) - cpuBefore;
  return { perSecond: samples.length / seconds, milliseconds: median(samples), cpu: cpu / samples.length };
}
