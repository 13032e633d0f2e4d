// Signed requests: what the check costs, what the nonce costs, and whether a long table of nonces is slower.
import { Nonces } from '../../src/signing-keys/nonces.ts';
import type { Credential } from '../support/account.ts';
import { ServerProcess } from '../support/server-process.ts';
import { httpSignedHeaders, newNonce, signedHeaders } from '../support/signing.ts';
import { graphql } from './client.ts';
import { type App, bearer, request, serve, startApp } from './in-process.ts';
import { interleave, perAwaitedCall } from './interleave.ts';
import { Load, type LoadSample } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row } from './table.ts';

const THOUSAND = 1000;
const MILLION = 1_000_000;
const CALLS = 20;
const WINDOW_MS = 300_000;
const CONNECTIONS = 32;
const ROUND_MS = 300;
const AUTHORITY = '127.0.0.1:4000';

const CREATE_WORKSPACE = `mutation ($input: CreateWorkspaceInput!) {
  createWorkspace(input: $input) { ... on CreateWorkspaceSuccess { workspace { id } } } }`;
const CREATE_SIGNER = `mutation ($input: CreateSigningKeyInput!) {
  createSigningKey(input: $input) { ... on CreateSigningKeySuccess { secret signingKey { id } } } }`;
const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { id } } } }`;

/** Nonces of the last minutes, spread evenly. */
const FILL = `insert into request_nonces (digest, signed_at)
  select sha256(i::text::bytea), (extract(epoch from now()) * 1000)::bigint - ${WINDOW_MS} + i::bigint * ${WINDOW_MS} / $1::int
  from generate_series(1, $1::int) as i`;

export async function signing(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: PostgreSQL is not on this machine.'] };
  const rows = [...(await checkRows(servers)), ...(await tableRows(servers)), ...(await httpRows(servers))];
  const note = 'a commit of PostgreSQL waits for the disk of this machine, and so does each signed request';
  return { rows, notes: [note] };
}

/** An API key of a workspace, and a signing key of the same one. */
async function givenCredentials(url: string, { administrator }: Servers): Promise<{ key: string; signer: Credential }> {
  const { accessToken } = administrator;
  const { workspace } = await graphql(url, CREATE_WORKSPACE, { name: 'bench' }, accessToken);
  const workspaceId = workspace.id;
  const made = await graphql(url, CREATE_SIGNER, { workspaceId }, accessToken);
  const key = await graphql(url, CREATE_KEY, { name: 'bench', workspaceId }, accessToken);
  return { key: key.secret, signer: { id: made.signingKey.id, secret: made.secret } };
}

async function checkRows(servers: Servers): Promise<Row[]> {
  const app = await startApp({ ...(await servers.database('signing_check')), REDIS_URL: '' });
  const dry = await startApp({ ...(await servers.database('signing_dry')), REDIS_URL: '' });
  try {
    // One replica answers every nonce at once, so that only the computation is left.
    const answered = [{ timely: true, fresh: true }];
    const { query } = dry.database.nonces;
    dry.database.nonces.query = async () => answered as never;
    const { key, signer } = await serve(app, (url) => givenCredentials(url, servers));
    const { signer: ofDry } = await serve(dry, (url) => givenCredentials(url, servers));
    const nonces = new Nonces({ sql: app.database.nonces, windowMs: WINDOW_MS });
    const known = bearer(key);
    const samples = await interleave(
      {
        bearer: perAwaitedCall(CALLS, async () => app.authenticator.authenticate(known)),
        dry: signed(dry, () => signedHeaders(ofDry)),
        dryHttp: signed(dry, () => httpSignedHeaders(ofDry, { authority: AUTHORITY })),
        nonce: perAwaitedCall(CALLS, () =>
          nonces.consume({ keyId: signer.id, nonce: newNonce(), signedAt: app.replica.databaseNow() }),
        ),
        whole: signed(app, () => signedHeaders(signer)),
        both: signed(app, () => ({ ...signedHeaders(signer), 'x-api-key': key })),
      },
      { rounds: 100, warmUp: 10, longestMs: 60_000 },
    );
    dry.database.nonces.query = query;
    const unit = 'µs';
    return [
      { what: 'API key in memory, unsigned', unit, samples: samples.bearer },
      { what: 'signed request, without its nonce', unit, samples: samples.dry },
      { what: 'signed by RFC 9421, without its nonce', unit, samples: samples.dryHttp },
      { what: 'the nonce alone', unit, samples: samples.nonce },
      {
        what: 'signed request / the nonce alone',
        unit,
        samples: samples.whole,
        ratio: ratios(samples.whole, samples.nonce),
      },
      { what: 'signed request with an API key', unit, samples: samples.both },
    ];
  } finally {
    await app.close();
    await dry.close();
  }
}

/** Signing is part of it: tens of microseconds. */
function signed(app: App, headers: () => Record<string, string>) {
  return perAwaitedCall(CALLS, async () => {
    const { headers: all, rawHeaders } = request({ host: AUTHORITY, ...headers() });
    await app.authenticator.authenticate({ method: 'GET', url: '/v1/verify', headers: all, rawHeaders });
  });
}

async function tableRows(servers: Servers): Promise<Row[]> {
  const apps: App[] = [];
  const opened = async (size: number) => {
    const name = `signing_${size}`;
    const environment = await servers.database(name);
    await servers.fill(name, [[FILL, [size]], ['vacuum (analyze) request_nonces'], ['checkpoint']]);
    const app = await startApp({ ...environment, REDIS_URL: '' });
    apps.push(app);
    return app;
  };
  try {
    const [short, long] = [await opened(THOUSAND), await opened(MILLION)];
    const use = (app: App) => {
      const nonces = new Nonces({ sql: app.database.nonces, windowMs: WINDOW_MS });
      return perAwaitedCall(CALLS, () =>
        nonces.consume({ keyId: 'sgk_bench', nonce: newNonce(), signedAt: app.replica.databaseNow() }),
      );
    };
    const samples = await interleave(
      { short: use(short), long: use(long) },
      { rounds: 150, warmUp: 15, longestMs: 90_000 },
    );
    return [
      { what: 'a nonce, a thousand in the table', unit: 'µs', samples: samples.short },
      {
        what: 'a nonce, a million in the table / a thousand',
        unit: 'µs',
        samples: samples.long,
        ratio: ratios(samples.long, samples.short),
        target: { atMost: 1.2 },
      },
    ];
  } finally {
    for (const app of apps) await app.close();
  }
}

async function httpRows(servers: Servers): Promise<Row[]> {
  const replica = await ServerProcess.replica({ ...(await servers.database('signing_http')), REDIS_URL: '' });
  const loads: Load[] = [];
  try {
    const { key, signer } = await givenCredentials(replica.url, servers);
    const load = async (headers: Record<string, string> | (() => Record<string, string>)) => {
      const opened = await new Load(replica, { path: '/v1/verify', status: 204, headers }).open(CONNECTIONS);
      loads.push(opened);
      return () => opened.round(ROUND_MS);
    };
    const samples = await interleave(
      { bearer: await load({ 'X-API-Key': key }), signed: await load(() => signedHeaders(signer)) },
      { rounds: 30, warmUp: 5 },
    );
    const perSecond = (of: LoadSample[]) => of.map((sample) => sample.perSecond);
    const cpu = (of: LoadSample[]) => of.map((sample) => sample.cpu);
    return [
      { what: '/v1/verify, API key', unit: 'requests/s', samples: perSecond(samples.bearer) },
      { what: '  CPU of the server', unit: 'µs', samples: cpu(samples.bearer) },
      {
        what: '/v1/verify, signed / API key',
        unit: 'requests/s',
        samples: perSecond(samples.signed),
        ratio: ratios(perSecond(samples.signed), perSecond(samples.bearer)),
      },
      { what: '  CPU of the server', unit: 'µs', samples: cpu(samples.signed) },
    ];
  } finally {
    for (const load of loads) load.close();
    await replica.stop();
  }
}
