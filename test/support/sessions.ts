// What people do with sessions, and what only an operator with psql can do to them.
import { type Account, PASSWORD, type Presented, type TestApp } from './app.ts';
import type { Caller } from './calls.ts';

export const RECEIPT = 'receipt { propagation replicas acknowledged settledInMilliseconds }';

/** For suites in which the limit would only be in the way. */
export const UNLIMITED = { REKEY_REFRESH_PER_MINUTE: '0' };

export const as = ({ accessToken }: { accessToken: string }): Presented => ({ bearer: accessToken });

/** Exchanges a refresh token that is good. */
export function refresh(app: TestApp, refreshToken: string, caller?: Caller) {
  return app.as(caller).refreshSession({ refreshToken }).expectSuccess();
}

/** Exchanges a refresh token: the next one, or why there is none. */
export async function exchange(app: TestApp, refreshToken: string): Promise<string> {
  const result = await app.as().refreshSession({ refreshToken });
  return result.__typename === 'RefreshSessionSuccess' ? result.tokens.refreshToken : result.reason;
}

/** Starts one more session of this account. */
export async function login(app: TestApp, { email }: { email: string }, caller?: Caller): Promise<Account> {
  const { user, tokens } = await app.as(caller).login({ email, password: PASSWORD }).expectSuccess();
  const { accessToken, refreshToken, session } = tokens;
  return { id: user.id, email: user.email, accessToken, refreshToken, sessionId: session.id };
}

export const jtiOf = (accessToken: string): string => claimsOf(accessToken).jti;

// biome-ignore lint/suspicious/noExplicitAny: whatever the token says
export function claimsOf(accessToken: string): any {
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString('utf8'));
}

/** As if whatever happened in this session had happened this much earlier. */
export async function later(app: TestApp, sessionId: string, seconds: number): Promise<void> {
  const moved = (column: string) => `${column} = ${column} - make_interval(secs => ${seconds})`;
  const ends = `${moved('expires_at')}, ${moved('idle_expires_at')}`;
  await app.sql(`update sessions set ${moved('created_at')}, ${moved('refreshed_at')}, ${ends} where id = ?`, [
    sessionId,
  ]);
  await app.sql(`update refresh_tokens set ${moved('created_at')}, ${moved('used_at')} where session_id = ?`, [
    sessionId,
  ]);
}

/** The refresh tokens of a session, oldest first. */
export function chainOf(app: TestApp, sessionId: string) {
  return app.sql('select * from refresh_tokens where session_id = ? order by created_at, id', [sessionId]);
}

export async function sessionRow(app: TestApp, sessionId: string) {
  return (await app.sql('select * from sessions where id = ?', [sessionId]))[0];
}

/** What the audit log tells about this, in order. */
export async function eventsOf(app: TestApp, subjectId: string): Promise<string[]> {
  const rows = await app.sql('select type from audit_events where subject_id = ? order by position', [subjectId]);
  return rows.map(({ type }) => type);
}
