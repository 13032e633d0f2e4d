// API keys that belong to a workspace, and what only an operator with psql can change of a key.
import type { CreateApiKeyInput } from '../../src/client/generated/graphql.ts';
import type { TestApp } from './app.ts';
import type { Caller } from './calls.ts';

/** Creates a key that belongs to this workspace. */
export async function workspaceKey(
  app: TestApp,
  caller: Caller,
  workspaceId: string,
  input: Partial<CreateApiKeyInput> = {},
): Promise<{ id: string; secret: string }> {
  const made = { name: 'a key of a workspace', owner: 'WORKSPACE' as const, workspaceId, ...input };
  const { apiKey, secret } = await app.as(caller).createApiKey(made).expectSuccess();
  return { id: apiKey.id, secret };
}

/** Moves the creation of a key and its expiry into the past. */
export async function age(app: TestApp, keyId: string, seconds: number): Promise<void> {
  await app.sql(
    `update api_keys set created_at = created_at - make_interval(secs => ${seconds}),
      expires_at = expires_at - make_interval(secs => ${seconds}) where id = ?`,
    [keyId],
  );
}

/** The status of an answer to `/v1/verify`, for a client with this address behind a trusted proxy. */
export async function verifyFrom(app: TestApp, secret: string, address: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}`, 'x-forwarded-for': address };
  return (await fetch(`${app.url}/v1/verify`, { headers })).status;
}
