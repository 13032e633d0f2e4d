import { hasRevokedSession } from '../accounts/user.sql.ts';

/** Whether a session was revoked, alone or with all sessions of its user. Both are aliases: `s`, and `u` for its user. */
export function isRevokedSession({ session, user }: { session: string; user: string }): string {
  const { generation, id } = { generation: `${session}.generation`, id: `${session}.id` };
  return `(${session}.revoked_at is not null or ${hasRevokedSession(user, { generation, id })})`;
}
