import { REVOCATION_REASONS, type RevocationReason } from '../identity/revocation-reason.ts';

/** What a row of the log is about: the `RevocationSubject` enum of the schema. */
export const REVOCATION_SUBJECTS = [
  'API_KEY',
  'DAEMON_TOKEN',
  'SESSION',
  'ACCESS_TOKEN',
  'SIGNING_KEY',
  'USER',
  'WORKSPACE',
  'WORKSPACE_MEMBER',
  'DAEMON',
  'ALL',
] as const;
export type RevocationSubject = (typeof REVOCATION_SUBJECTS)[number];

/** One revocation: a row of the log that has a subject. */
export interface RevocationEvent {
  /** The position in the log. */
  readonly sequence: number;
  readonly kind: RevocationSubject;
  /** The id of the subject: see `RevocationEvent.credentialId` in the schema. */
  readonly credentialId: string;
  readonly effect: 'ENDED' | 'NARROWED';
  readonly reason: RevocationReason;
  readonly committedAt: Date;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  readonly daemonId: string | null;
  /** If the subject is a workspace: the users who were its members. */
  readonly members: readonly string[];
}

/** A row of the log, as a replica applies it. `event` is null for a row that revokes nothing. */
export interface LogRow {
  readonly sequence: number;
  readonly tag: string;
  readonly event: RevocationEvent | null;
}

/** The columns of a row, as SQL for a JSON array. `parseLogRow` reads it. */
export const LOG_ROW = (row: string) =>
  `json_build_array(${row}.seq, ${row}.tag, ${row}.subject, ${row}.subject_id, ${row}.effect, ${row}.reason, ${row}.user_id,
    ${row}.workspace_id, ${row}.daemon_id, ${row}.members, floor(extract(epoch from ${row}.at) * 1000)::float8)`;

/** One row of the log, from the JSON array that `LOG_ROW` builds. */
export type LogRowJson = [
  sequence: number,
  tag: string,
  subject: RevocationSubject | null,
  subjectId: string,
  effect: 'ENDED' | 'NARROWED',
  reason: string,
  userId: string | null,
  workspaceId: string | null,
  daemonId: string | null,
  members: string[] | null,
  atMs: number,
];

/** Reads one row. Plain SQL can write a reason that is none, and it becomes `UNSPECIFIED`. */
export function parseLogRow(json: LogRowJson): LogRow {
  const [sequence, tag, kind, credentialId, effect, written, userId, workspaceId, daemonId, members, atMs] = json;
  if (kind === null) return { sequence, tag, event: null };
  const reason = REVOCATION_REASONS.find((known) => known === written) ?? 'UNSPECIFIED';
  const committedAt = new Date(atMs);
  const owner = { userId, workspaceId, daemonId, members: members ?? [] };
  return { sequence, tag, event: { sequence, kind, credentialId, effect, reason, committedAt, ...owner } };
}
