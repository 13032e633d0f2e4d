// A guard finds the credential of a request by the rules of the service. Both get the same requests.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as forFetch from '../../src/client/fetch.ts';
import * as forNode from '../../src/client/node.ts';
import type { Verify } from '../../src/client/verifier.ts';
import { CredentialTypes } from '../../src/credentials/credential-types.ts';
import { presentedCredential } from '../../src/credentials/presented-credential.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import type { Feature } from '../../src/feature.ts';
import { features } from '../../src/features.ts';

const all: readonly Feature[] = features;
const types = new CredentialTypes(all.flatMap((feature) => feature.credentials ?? []));

const API_KEY = makeSecret('rka');
const DAEMON_TOKEN = makeSecret('rkd');
const MISTYPED = `${API_KEY.slice(0, -1)}${API_KEY.endsWith('0') ? '1' : '0'}`;
const ACCESS_TOKEN = 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsifQ.eyJqdGkiOiJ4In0.AAAA';
/** The same in another spelling, which is not ours. */
const MISSPELLED = `${ACCESS_TOKEN.slice(0, -1)}BB`;
const SECRETS = [API_KEY, DAEMON_TOKEN, MISTYPED, ACCESS_TOKEN, MISSPELLED, makeSecret('rkr'), makeSecret('rks')];
const TEXTS = [
  ...SECRETS,
  'of-the-application',
  'a b',
  '',
  '\u00a0',
  `${API_KEY}\u00a0`,
  `${API_KEY}\t`,
  ` ${API_KEY}`,
];

/** The status with which the service refuses at once, or the secret that decides; null if nothing can be accepted. */
type Found = 400 | 401 | string | null;

function foundByService(rawHeaders: readonly string[]): Found {
  try {
    const presented = presentedCredential({ headers: {}, rawHeaders }, types.isOurs);
    if (presented === null) return 401;
    return types.ofPresented(presented) ? presented.text : null;
  } catch {
    return 400;
  }
}

/** What a guard makes of the same request. The verifier presents the secret as a Bearer. */
async function foundByGuard(ask: (verify: Verify) => Promise<{ status: number; challenge: string }>): Promise<Found> {
  let found: Found = null;
  const asked = async (secret: string) => {
    if (types.ofPresented({ carrier: 'bearer', text: secret })) found = secret;
    return { ok: false, status: 401, code: 'UNAUTHENTICATED' } as const;
  };
  const { status, challenge } = await ask(Object.assign(asked, { close: () => undefined }));
  if (found !== null) return found;
  if (status === 400) return 400;
  return challenge.includes('invalid_token') ? null : 401;
}

/** `Headers` does not show that a value beside another one is empty. */
const hidesEmptyValues = (rawHeaders: readonly string[]) => rawHeaders.includes('') && rawHeaders.length > 2;

const GUARDS: Record<string, (rawHeaders: readonly string[]) => Promise<Found>> = {
  'node:http': (rawHeaders) =>
    foundByGuard(async (verify) => {
      let response = { status: 0, challenge: '' };
      await forNode.guard({ verify })(
        { rawHeaders },
        {
          writeHead: (status, headers) => {
            response = { status, challenge: headers['www-authenticate'] ?? '' };
          },
          end: () => undefined,
        },
      );
      return response;
    }),
  fetch: (rawHeaders) =>
    foundByGuard(async (verify) => {
      const headers = new Headers();
      for (let index = 0; index < rawHeaders.length; index += 2)
        headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
      const response = (await forFetch.guard({ verify })(new Request('http://localhost/', { headers }))) as Response;
      return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' };
    }),
};

const bearer = fc
  .tuple(
    fc.constantFrom('Bearer ', 'bearer ', 'BEARER   ', 'Bearer', 'Bearer\t', 'Bearer-X ', 'Basic '),
    fc.constantFrom(...TEXTS),
  )
  .map(([scheme, text]) => ['Authorization', `${scheme}${text}`]);
const other = fc
  .constantFrom('Negotiate YTpi', 'Digest username="a, b", realm="c", nonce="d"', '')
  .map((text) => ['authorization', text]);
const apiKey = fc.constantFrom(...TEXTS).map((text) => ['X-API-Key', text]);
const requests = fc
  .array(fc.oneof(bearer, bearer, other, apiKey, apiKey), { maxLength: 3 })
  .map((headers) => headers.flat());
/** Some headers twice. */
const repeated = requests.chain((headers) => fc.constantFrom(headers, [...headers, ...headers]));

describe.each(Object.entries(GUARDS))('%s', (name, found) => {
  test.each<[string, string[], Found]>([
    ['an access token in X-API-Key', ['X-API-Key', ACCESS_TOKEN], null],
    ['an access token in both', ['Authorization', `Bearer ${ACCESS_TOKEN}`, 'X-API-Key', ACCESS_TOKEN], null],
    ['a no-break space, which HTTP does not trim', ['X-API-Key', `${API_KEY}\u00a0`], null],
    ['the same Bearer twice', ['Authorization', `Bearer ${API_KEY}`, 'Authorization', `Bearer ${API_KEY}`], API_KEY],
    ['the same X-API-Key twice', ['X-API-Key', API_KEY, 'X-API-Key', API_KEY], API_KEY],
    ['two Bearers', ['Authorization', `Bearer ${API_KEY}`, 'Authorization', `Bearer ${DAEMON_TOKEN}`], 400],
    ['Basic and Bearer', ['Authorization', 'Basic YTpi', 'Authorization', `Bearer ${API_KEY}`], 400],
    ['two values of X-API-Key', ['X-API-Key', 'a', 'X-API-Key', API_KEY], 400],
    ['a mistyped Bearer', ['Authorization', `Bearer ${MISTYPED}`, 'X-API-Key', API_KEY], API_KEY],
    ['a refresh token as Bearer', ['Authorization', `Bearer ${makeSecret('rkr')}`, 'X-API-Key', API_KEY], 400],
  ])('%s', async (_what, rawHeaders, expected) => {
    expect(foundByService(rawHeaders)).toEqual(expected);
    expect(await found(rawHeaders)).toEqual(expected);
  });

  test('finds what the service finds', async () => {
    await fc.assert(
      fc.asyncProperty(repeated, async (rawHeaders) => {
        // HTTP removes the white space around a value, before either of them.
        const received = rawHeaders.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
        fc.pre(name === 'node:http' || !hidesEmptyValues(received));
        expect(await found(received)).toEqual(foundByService(received));
      }),
      { numRuns: 3000 },
    );
  });
});
