import { scopesOfRole } from '../../src/identity/scope.ts';
import { AccessTokens } from '../../src/sessions/access-token.ts';
import type { Administrator } from './client.ts';
import { type App, bearer } from './in-process.ts';
import { type Measure, perAwaitedCall } from './interleave.ts';

const SESSIONS = 1000;
/** How many ids `ID_OF_I` can make, and so the largest size of a ledger. */
export const MILLION = 1_000_000;

/** SQL for the part of an id after its prefix, for `i` up to a million: ordered at its start, then random, as in Rekey. */
export const ID_OF_I = `'01K' || lpad(i::text, 7, '0') || upper(left(md5(i::text), 16))`;

/** Evenly spread over the million, and the same each time, so that a database can be used again. */
const INSERT_SESSIONS = `insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
  select 'ses_' || ${ID_OF_I}, $1, '{}', now(), now(), now() + interval '1 day', now() + interval '1 day'
  from generate_series(${MILLION / SESSIONS / 2}, ${MILLION}, ${MILLION / SESSIONS}) as i
  on conflict (id) do update set user_id = excluded.user_id
  returning id`;

/** Access tokens of a thousand sessions in turn, issued as at a login, without the check of a password. */
export async function givenTokens(app: App, { id: userId }: Administrator, count: number): Promise<string[]> {
  const { jwtKeys: keys, config, database, replica } = app;
  const { issuer, accessTokenSeconds: lifetimeSeconds } = config;
  const accessTokens = new AccessTokens({ keys, issuer, lifetimeSeconds, now: () => replica.databaseNow() });
  const statement = { name: 'bench-sessions', text: INSERT_SESSIONS };
  const sessions = await database.reads.query<{ id: string }>(statement, [userId]);
  const expiresAt = new Date(replica.databaseNow() + 86_400_000);
  const tokens: string[] = [];
  while (tokens.length < count) {
    const { id } = sessions[tokens.length % sessions.length]!;
    tokens.push((await accessTokens.issue({ id, userId, expiresAt }, scopesOfRole('ADMIN'))).accessToken);
  }
  return tokens;
}

/**
 * Microseconds until a token is accepted that this replica has not cached. Each token is used once and measured by itself:
 * long enough for the clock, and short enough to fall between two interruptions by other processes.
 */
export function firstUse(app: App, unseen: readonly string[]): Measure<number> {
  const requests = unseen.map(bearer);
  return perAwaitedCall(1, async () => {
    const next = requests.pop();
    if (!next) throw new Error('Every token was used already.');
    await app.authenticator.authenticate(next);
  });
}
