import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, SETUP_TOKEN } from '../support/app.ts';
import { fillDirectory } from '../support/embedded-template.ts';
import { bodyOf, hostileHeads, hostileRequests } from '../support/hostile.ts';
import { type RawAnswer, type RawRequest, send } from '../support/raw.ts';
import { ServerProcess } from '../support/server-process.ts';

const LARGEST = 256 * 1024;
const LARGEST_HEAD = 15 * 1024;
/** A request that takes less than this many times as long as an ordinary one of its size passes, however it grows. */
const TIMES_AS_LONG = 10;
/** A shorter time, in milliseconds, is below the resolution of the clock. */
const NOISE_MS = 1;
/** Four times the size may take four times as long, and as much again for noise. */
const GROWTH = 8;
/** No answer repeats or multiplies what the client sent. */
const LONGEST_ANSWER = 4096;
const MOST_ERRORS = 5;

let directory: string;
let server: ServerProcess;
let bearer: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rekey-hostile-'));
  fillDirectory(directory);
  server = await ServerProcess.replica({
    REKEY_DATA_DIR: join(directory, '.rekey'),
    REKEY_SETUP_TOKEN: SETUP_TOKEN,
    REKEY_REGISTRATION: 'open',
    REKEY_TRUSTED_PROXIES: '127.0.0.1',
    REKEY_LOGIN_PER_MINUTE: '0',
    REKEY_REGISTER_PER_MINUTE: '0',
    REKEY_REFRESH_PER_MINUTE: '0',
    REKEY_FAILED_AUTH_PER_MINUTE: '0',
  });
  const query = `mutation ($input: BootstrapInput!) {
    bootstrap(input: $input) { ... on BootstrapSuccess { tokens { accessToken } } }
  }`;
  const input = { setupToken: SETUP_TOKEN, email: 'admin@example.com', password: PASSWORD, displayName: 'Admin' };
  const { json } = await post(JSON.stringify({ query, variables: { input } }));
  bearer = json.data.bootstrap.tokens.accessToken;
});
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const post = (body: string, headers: RawRequest['headers'] = {}) =>
  send(server.url, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

/** The CPU time of the main thread that one request takes, in milliseconds: the shortest of several tries. */
async function costOf(request: () => Promise<RawAnswer>, tries: number): Promise<number> {
  let cost = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < tries; tried++) {
    const before = await server.mainThread();
    await request();
    cost = Math.min(cost, (await server.mainThread()) - before);
  }
  return cost;
}

/**
 * How the time of a request grows faster than its size, or null. Reports a growth only after three measurements.
 *
 * @param largest the largest size, and the cost of an ordinary request of this size
 */
async function growsTooFast(
  hostile: (size: number) => Promise<RawAnswer>,
  { size: largest, reference }: { size: number; reference: number },
): Promise<string | null> {
  for (const tries of [1, 3, 5]) {
    const large = await costOf(() => hostile(largest), tries);
    if (large < TIMES_AS_LONG * Math.max(reference, NOISE_MS)) return null;
    const small = await costOf(() => hostile(largest / 4), tries);
    if (large < GROWTH * small) return null;
    if (tries === 5) return `${small.toFixed(1)} ms, and ${large.toFixed(1)} ms for four times the size`;
  }
  return null;
}

/** The cost of this request for each of these sizes, once the server has optimised what runs for it. */
async function costsOf(ordinary: (size: number) => Promise<RawAnswer>, sizes: number[]) {
  const costs: { size: number; reference: number }[] = [];
  for (const size of sizes) costs.push({ size, reference: await costOf(() => ordinary(size), 50) });
  return costs;
}

/** What is wrong with a response: too long, too many errors, or a code other than BAD_USER_INPUT. Else null. */
function faultOf({ text, json }: RawAnswer): string | null {
  if (text.length >= LONGEST_ANSWER) return `${text.length} characters`;
  const errors: { extensions: { code: string } }[] = json.errors ?? [];
  if (errors.length > MOST_ERRORS) return `${errors.length} errors`;
  const other = errors.find(({ extensions }) => extensions.code !== 'BAD_USER_INPUT');
  return other ? JSON.stringify(other) : null;
}

describe('no request takes time that grows faster than its size, and no response repeats or multiplies its input,', () => {
  test('in any text argument, key, name or shape of a document', { timeout: 600_000 }, async () => {
    const found: Record<string, string> = {};
    const credential = { authorization: `Bearer ${bearer}` };
    // Small enough to be parsed completely, and as large as a body may be.
    const sizes = await costsOf((size) => post('{"query":"{ __typename }"}'.padEnd(size), credential), [4096, LARGEST]);
    for (const hostile of hostileRequests()) {
      const { name } = hostile;
      const ask = async (size: number) => {
        const answer = await post(bodyOf(hostile, size), credential);
        const fault = faultOf(answer);
        if (fault) found[`${name}, ${size} bytes`] = fault;
        return answer;
      };
      for (const largest of sizes) {
        const fault = await growsTooFast(ask, largest);
        if (fault) found[`${name}, ${largest.size} bytes`] = fault;
      }
    }
    expect(found).toEqual({});
  });

  test('in any header or parameter', { timeout: 600_000 }, async () => {
    const [largest] = await costsOf(() => send(server.url, '/livez', {}), [LARGEST_HEAD]);
    const found: Record<string, string> = {};
    for (const { name, path, method, headers, query } of hostileHeads()) {
      const ask = async (size: number) => {
        const answer = await send(server.url, `${path}${query(size)}`, { method, headers: headers(size) });
        const head = Object.values(answer.headers).join(' ').length;
        if (head + (answer.headers['content-type']?.includes('html') ? 0 : answer.text.length) > LONGEST_ANSWER) {
          found[name] = `${head} and ${answer.text.length} characters`;
        }
        return answer;
      };
      const fault = await growsTooFast(ask, largest!);
      if (fault) found[name] = fault;
    }
    expect(found).toEqual({});
  });
});
