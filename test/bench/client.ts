// The requests that the benchmarks send to a running service, in any process.
import { randomBytes } from 'node:crypto';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { newId } from '../../src/kernel/ids.ts';

export const ADMINISTRATOR = { email: 'admin@example.com', password: 'tidal lantern quarrel oboe' };
const SETUP_TOKEN = 'setup_token_of_the_bench_0123456789';

/** No limits, and access tokens that outlive the run. */
export const ENVIRONMENT = {
  REKEY_SETUP_TOKEN: SETUP_TOKEN,
  REKEY_LOGIN_PER_MINUTE: '0',
  REKEY_REFRESH_PER_MINUTE: '0',
  REKEY_LEDGER_PER_MINUTE: '0',
  REKEY_FAILED_AUTH_PER_MINUTE: '0',
  REKEY_API_KEYS_PER_USER: '0',
  REKEY_ACCESS_TOKEN_SECONDS: '3600',
};

export const MASTER_KEY = randomBytes(32).toString('base64');

export interface Administrator {
  id: string;
  accessToken: string;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the document asked for
export async function graphql(url: string, query: string, input?: object, bearer?: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as { data?: object; errors?: object };
  if (errors || !data) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return Object.values(data)[0];
}

const ENTERED = 'user { id } tokens { accessToken refreshToken }';

export async function bootstrap(url: string): Promise<Administrator> {
  const { user, tokens } = await graphql(
    url,
    `mutation ($input: BootstrapInput!) { bootstrap(input: $input) { ... on BootstrapSuccess { ${ENTERED} } } }`,
    { ...ADMINISTRATOR, setupToken: SETUP_TOKEN, displayName: 'Administrator' },
  );
  return { id: user.id, accessToken: tokens.accessToken };
}

/** Starts another session of the administrator. Returns its first refresh token. */
export async function login(url: string): Promise<string> {
  const { tokens } = await graphql(
    url,
    `mutation ($input: LoginInput!) { login(input: $input) { ... on LoginSuccess { ${ENTERED} } } }`,
    ADMINISTRATOR,
  );
  return tokens.refreshToken;
}

/** The next refresh token of the same session. */
export async function refresh(url: string, refreshToken: string): Promise<string> {
  const { tokens } = await graphql(
    url,
    `mutation ($input: RefreshSessionInput!) {
      refreshSession(input: $input) { ... on RefreshSessionSuccess { tokens { accessToken refreshToken } } }
    }`,
    { refreshToken },
  );
  return tokens.refreshToken;
}

/** Revokes one access token. Fails if there is no receipt. */
export async function revokeAccessToken(url: string, jti: string, { accessToken }: Administrator): Promise<void> {
  const { receipt } = await graphql(
    url,
    `mutation ($input: RevokeAccessTokenInput!) {
      revokeAccessToken(input: $input) { ... on RevokeAccessTokenSuccess { receipt { propagation } } }
    }`,
    { jti },
    accessToken,
  );
  if (!receipt) throw new Error(`${jti} was not revoked.`);
}

export interface Key {
  id: string;
  secret: string;
}

export const newKeys = (count: number): Key[] =>
  Array.from({ length: count }, () => ({ id: newId('key'), secret: makeSecret('rka') }));

/** Thousands of API keys without thousands of requests. Parameters: see `keyRows`. */
export const INSERT_KEYS = `insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
  select id, $1, 'bench', 'rka_…0000', secret_hash, '{API_KEYS_READ}', '{orders:read,orders:write}', now()
  from unnest($2::text[], $3::text[]) as new (id, secret_hash)`;

export const keyRows = (owner: Administrator, keys: readonly Key[]) => [
  owner.id,
  keys.map(({ id }) => id),
  keys.map(({ secret }) => sha256Base64url(secret)),
];

const REVOKE = `mutation ($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) { ... on RevokeApiKeySuccess { receipt { settledInMilliseconds propagation acknowledged } } }
}`;

export interface Revocation {
  /** Milliseconds, as the receipt says. */
  settled: number;
  /** Milliseconds for the whole mutation, measured by its caller. */
  whole: number;
  propagation: 'ACKNOWLEDGED' | 'LEASE_EXPIRED';
  acknowledged: number;
}

export async function revoke(url: string, apiKeyId: string, { accessToken }: Administrator): Promise<Revocation> {
  const start = performance.now();
  const { receipt } = await graphql(url, REVOKE, { apiKeyId }, accessToken);
  const whole = performance.now() - start;
  const { settledInMilliseconds: settled, propagation, acknowledged } = receipt;
  return { settled, whole, propagation, acknowledged };
}

/** The status of `/v1/verify` for this secret. */
export async function verify(url: string, secret: string): Promise<number> {
  const { status } = await fetch(`${url}/v1/verify`, { headers: { Authorization: `Bearer ${secret}` } });
  return status;
}
