// What users do with sessions, and what only an operator with psql can change.
import { accountOf } from './account.ts';
import { type Account, PASSWORD, type Presented, type TestApp } from './app.ts';
import type { Caller } from './calls.ts';

export const RECEIPT = 'receipt { propagation replicas acknowledged settledInMilliseconds }';

/** For suites that must not reach the limit. */
export const UNLIMITED = { REKEY_REFRESH_PER_MINUTE: '0' };

export const as = ({ accessToken }: { accessToken: string }): Presented => ({ bearer: accessToken });

/** Exchanges a refresh token. Throws if the service rejects it. */
export function refresh(app: TestApp, refreshToken: string, caller?: Caller) {
  return app.as(caller).refreshSession({ refreshToken }).expectSuccess();
}

/** Exchanges a refresh token and returns the next one, or the reason of the rejection. */
export async function exchange(app: TestApp, refreshToken: string): Promise<string> {
  const result = await app.as().refreshSession({ refreshToken });
  return result.__typename === 'RefreshSessionSuccess' ? result.tokens.refreshToken : result.reason;
}

/** Starts one more session of this account. */
export async function login(app: TestApp, { email }: { email: string }, caller?: Caller): Promise<Account> {
  return accountOf(await app.as(caller).login({ email, password: PASSWORD }).expectSuccess());
}

export const jtiOf = (accessToken: string): string => claimsOf(accessToken).jti;

// biome-ignore lint/suspicious/noExplicitAny: any claims
export function claimsOf(accessToken: string): any {
  return JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString('utf8'));
}

/** Moves all times of a session into the past by so many seconds. */
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

/** The types of the audit events with this subject, in order. */
export async function eventsOf(app: TestApp, subjectId: string): Promise<string[]> {
  // Rejected requests are recorded a moment after their answer.
  const rows = await app.sql(
    `select type from audit_events where subject_id = ? and outcome = 'SUCCEEDED' order by position`,
    [subjectId],
  );
  return rows.map(({ type }) => type);
}
