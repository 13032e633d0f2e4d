// What the size of an installation costs: every list, filter and change of API keys among a thousand and among a million.
import { type Administrator, graphql } from './client.ts';
import { type App, serve, startApp } from './in-process.ts';
import { interleave, type Measure, oneCall } from './interleave.ts';
import type { Report } from './main.ts';
import { databaseWithKeys, MILLION_KEYS, RARE_WORD, THOUSAND_KEYS } from './many-keys.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row, Target } from './table.ts';

const EFFORT = { rounds: 40, warmUp: 5, longestMs: 8000 };
/** A policy is tightened a few times only: each time, it ends other credentials. */
const TIGHTENINGS = 6;
const LIST: Target = { atMost: 1.3 };
const CHANGE: Target = { atMost: 1.2 };
const DAY_MS = 86_400_000;
const DEEP_PAGE = 1000;

/** With `viewer`, which shares no execution and reads nothing, each request is executed. */
const page = (selection: string) =>
  `query ($input: ApiKeyFilter) { apiKeys(first: 20, filter: $input) { ${selection} } viewer { scopes } }`;
const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { apiKey { id } } } }`;
const SET = `mutation ($input: SetCredentialPolicyInput!) { setCredentialPolicy(input: $input) {
  ... on SetCredentialPolicySuccess { endedCount } } }`;

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const FILTERS: [what: string, filter: () => object][] = [
  ['no filter', () => ({})],
  ['search', () => ({ search: RARE_WORD })],
  ['neverUsed', () => ({ neverUsed: true })],
  ['neverUsed: false', () => ({ neverUsed: false })],
  ['unusedSince, few keys', () => ({ unusedSince: inDays(-60) })],
  ['unusedSince, nearly all keys', () => ({ unusedSince: inDays(-1) })],
  ['neverExpires', () => ({ neverExpires: true })],
  ['expiresBefore, few keys', () => ({ expiresBefore: inDays(1) })],
  ['expiresBefore, nearly all keys', () => ({ expiresBefore: inDays(300) })],
  ['owner', () => ({ owner: 'WORKSPACE' })],
  ['status ACTIVE', () => ({ status: 'ACTIVE' })],
  ['status EXPIRED', () => ({ status: 'EXPIRED' })],
];

export async function keys(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: a million keys'] };
  const environments = [await databaseWithKeys(servers, THOUSAND_KEYS), await databaseWithKeys(servers, MILLION_KEYS)];
  const apps = await Promise.all(environments.map((environment) => startApp({ ...environment, REDIS_URL: '' })));
  const [small, large] = apps as [App, App];
  try {
    const rows = await serve(small, (few) => serve(large, (many) => keyRows({ few, many }, servers.administrator)));
    return { rows, notes: ['a list is read by an administrator, who sees every key'] };
  } finally {
    for (const app of apps) await app.close();
  }
}

type Urls = { few: string; many: string };

async function keyRows(urls: Urls, { accessToken }: Administrator): Promise<Row[]> {
  const ask = (query: string, input?: () => object) => (url: string) =>
    oneCall(async () => {
      await graphql(url, query, input?.(), accessToken);
    });
  const compared = async (what: string, measure: (url: string) => Measure<number>, target?: Target): Promise<Row[]> => {
    const { few, many } = await interleave({ few: measure(urls.few), many: measure(urls.many) }, EFFORT);
    return [
      { what: `${what}, a thousand keys`, unit: 'ms', samples: few },
      {
        what: `${what}, a million / a thousand`,
        unit: 'ms',
        samples: many,
        ratio: ratios(many, few),
        ...(target && { target }),
      },
    ];
  };
  const rows = await compared(
    'createApiKey',
    ask(CREATE, () => ({ name: 'new' })),
    CHANGE,
  );
  rows.push(...(await compared(`page ${DEEP_PAGE}`, await deepPage(urls, accessToken), LIST)));
  for (const [what, filter] of FILTERS)
    rows.push(...(await compared(what, ask(page('nodes { id name expiresAt lastUsedAt }'), filter), LIST)));
  // A count reads every key that it counts.
  rows.push(
    ...(await compared(
      'totalCount of few keys',
      ask(page('totalCount'), () => ({ search: RARE_WORD })),
      LIST,
    )),
  );
  for (const url of [urls.few, urls.many]) {
    const of = url === urls.few ? 'a thousand' : 'a million';
    const samples = await repeated(3, ask(page('totalCount'), () => ({}))(url));
    rows.push({ what: `totalCount of ${of}`, unit: 'ms', samples, target: { atMost: 1000 } });
  }
  rows.push(...(await policyRows(urls, ask)));
  return rows;
}

/** The cursor of page 1000, of one key each. */
async function deepPage(urls: Urls, accessToken: string): Promise<(url: string) => Measure<number>> {
  const next = `query ($input: String) { apiKeys(first: 100, after: $input) { pageInfo { endCursor } } }`;
  const cursors = new Map<string, string>();
  for (const url of [urls.few, urls.many]) {
    let cursor: string | undefined;
    for (let read = 0; read < DEEP_PAGE; read += 100) {
      const variables = cursor as unknown as object | undefined;
      cursor = (await graphql(url, next, variables, accessToken)).pageInfo.endCursor;
    }
    cursors.set(url, cursor!);
  }
  const query = `query ($input: String) { apiKeys(first: 20, after: $input) { nodes { id name expiresAt lastUsedAt } } viewer { scopes } }`;
  return (url) => oneCall(() => graphql(url, query, cursors.get(url) as unknown as object, accessToken));
}

/** Tightens the policy of the installation: first a bound that ends few keys, at the end one that ends all. */
async function policyRows(
  urls: Urls,
  ask: (query: string, input: () => object) => (url: string) => Measure<number>,
): Promise<Row[]> {
  const rows: Row[] = [];
  const tightenings: [what: string, bounds: (round: number) => object, rounds: number, target?: Target][] = [
    ['tighten, nothing ends', (round) => ({ maximumLifetimeSeconds: 200_000_000 - round }), TIGHTENINGS, CHANGE],
    ['tighten, few keys end', () => ({ requiresExpiry: true }), 1],
    ['tighten, all keys end', () => ({ maximumLifetimeSeconds: 1 }), 1],
  ];
  for (const [what, bounds, rounds, target] of tightenings) {
    const samples: Record<keyof Urls, number[]> = { few: [], many: [] };
    for (let round = 0; round < rounds; round++)
      for (const size of ['few', 'many'] as const)
        samples[size].push(await ask(SET, () => bounds(round))(urls[size])());
    const { few, many } = samples;
    rows.push({ what: `${what}, a thousand keys`, unit: 'ms', samples: few });
    const ratio = { ratio: ratios(many, few), ...(target && { target }) };
    rows.push({
      what: `${what}, a million${target ? ' / a thousand' : ''}`,
      unit: 'ms',
      samples: many,
      ...(target && ratio),
    });
  }
  return rows;
}

async function repeated(times: number, measure: Measure<number>): Promise<number[]> {
  const samples: number[] = [];
  while (samples.length < times) samples.push(await measure());
  return samples;
}
