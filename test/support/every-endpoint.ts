// One request to each endpoint, by what it needs of the database.
import type { TestApp } from './app.ts';
import { PASSWORD } from './constants.ts';
import { FEED } from './live.ts';
import { send } from './raw.ts';

/** What a request needs of the database: nothing, what a replica with a lease has in memory, reads, or changes. */
export type Need = 'nothing' | 'memory' | 'read' | 'readiness' | 'change' | 'revocation';

export interface EndpointRequest {
  readonly need: Need;
  /** How it ends while everything works. */
  readonly works: string;
  /** Sends it. `ok`, or the status and the code of the error. */
  send(): Promise<string>;
}

/** What the requests are about. A set is for one round, because some requests change it. */
export type Subjects = Awaited<ReturnType<typeof newSubjects>>;

export async function newSubjects(app: TestApp) {
  const [account, admin] = [await app.member(), await app.admin()];
  const subjects = {
    account,
    known: await app.apiKey(account),
    neverUsed: await app.apiKey(account),
    revoked: await app.apiKey(account),
    revokedBySecret: await app.apiKey(account),
    limited: await app.apiKey(account, { rateLimit: { requests: 1000, windowSeconds: 600 } }),
    service: await app.apiKey(admin, { scopes: ['INTROSPECT'] }),
  };
  const { known, limited, service } = subjects;
  // From now on, these are in memory.
  for (const secret of [known.secret, limited.secret, service.secret, account.accessToken]) await app.accepts(secret);
  return subjects;
}

/** @param unknown a well-formed secret of no key */
export function requestsOf(app: TestApp, subjects: Subjects, unknown: string): Record<string, EndpointRequest> {
  const { account, known, neverUsed, revoked, revokedBySecret, limited, service } = subjects;
  const by = (bearer: string) => ({ authorization: `Bearer ${bearer}` });
  const get = (need: Need, path: string, headers = {}, works = 'ok') => ({
    ...{ need, works },
    send: async () => outcomeOf(await send(app.url, path, { headers })),
  });
  const form = (need: Need, path: string, body: string, headers = {}) => ({
    ...{ need, works: 'ok' },
    send: async () =>
      outcomeOf(
        await send(app.url, path, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
          body,
        }),
      ),
  });
  const graphql = (need: Need, query: string, headers = {}) => ({
    ...{ need, works: 'ok' },
    async send() {
      const { status, data, errors, headers: answered } = await app.graphql(query, {}, { headers });
      const [code] = errors?.map(({ extensions }) => extensions.code) ?? [];
      const [type] = Object.values(data ?? {}).flatMap((field) => (field as { __typename?: string }).__typename ?? []);
      if (code === undefined) return type?.endsWith('Error') ? type : 'ok';
      return withRetry(`${status} ${code}`, status, answered.get('retry-after'));
    },
  });
  const mutation = (need: Need, field: string, input: string, headers = {}) =>
    graphql(need, `mutation { ${field}(input: { ${input} }) { __typename } }`, headers);
  const session = by(account.accessToken);
  return {
    viewer: graphql('read', '{ viewer { user { email } } }', session),
    apiKeys: graphql('read', '{ apiKeys { nodes { id name lastUsedAt } } }', session),
    createApiKey: mutation('change', 'createApiKey', 'name: "made meanwhile"', session),
    revokeApiKey: mutation('revocation', 'revokeApiKey', `apiKeyId: "${revoked.id}"`, session),
    login: mutation('change', 'login', `email: "${account.email}", password: "${PASSWORD}"`),
    refreshSession: mutation('change', 'refreshSession', `refreshToken: "${account.refreshToken}"`),
    subscription: { need: 'memory', works: 'ok', send: () => subscribe(app, by(service.secret)) },
    'verify, known': get('memory', '/v1/verify', by(known.secret)),
    'verify, limited': get('memory', '/v1/verify', by(limited.secret)),
    'verify, never used': get('read', '/v1/verify', by(neverUsed.secret)),
    'verify, unknown': get('read', '/v1/verify', by(unknown), '401 unauthenticated'),
    'introspect, known': form('memory', '/v1/introspect', `token=${known.secret}`, by(service.secret)),
    'introspect, never used': form('read', '/v1/introspect', `token=${neverUsed.secret}`, by(service.secret)),
    revoke: form('revocation', '/v1/revoke', `token=${revokedBySecret.secret}`),
    revocations: get('memory', '/v1/revocations', by(service.secret)),
    'revocations, waiting': get('memory', '/v1/revocations?wait=300', by(service.secret)),
    jwks: get('nothing', '/.well-known/jwks.json'),
    metadata: get('nothing', '/.well-known/oauth-authorization-server'),
    openapi: get('nothing', '/openapi.json'),
    livez: get('nothing', '/livez'),
    metrics: get('nothing', '/metrics'),
    readyz: { need: 'readiness', works: '200', send: async () => String((await send(app.url, '/readyz')).status) },
  };
}

/** A 503 must say when to try again. */
function withRetry(outcome: string, status: number, retryAfter: unknown): string {
  return status === 503 && retryAfter !== '1' ? `${outcome} without Retry-After` : outcome;
}

function outcomeOf({ status, json, headers }: Awaited<ReturnType<typeof send>>): string {
  return status < 300 ? 'ok' : withRetry(`${status} ${json?.error}`, status, headers['retry-after']);
}

/** Starts a subscription, and disconnects when it has started. */
async function subscribe(app: TestApp, headers: Record<string, string>): Promise<string> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query: FEED }),
  });
  if (response.status === 200) {
    await response.body?.cancel();
    return 'ok';
  }
  const code = /"code":"([A-Z_]+)"/.exec(await response.text())?.[1];
  return withRetry(`${response.status} ${code}`, response.status, response.headers.get('retry-after'));
}
