import { lastUseOf } from '../credentials/last-used.sql.ts';

// What the SQL of other features may use of credential policies. No other feature names the tables.
//
// A policy is in force in a span of time. Under it, a credential is due when the first of its bounds is reached. If it was
// due when the span began, it is revoked at that moment. If it becomes due within the span, it expires then. A span that is
// over ends nothing else. So a policy that is tightened ends any number of credentials without a write to their rows, and a
// policy that is loosened makes none of them valid again.

/** SQL for the columns of a credential. */
export interface GovernedColumns {
  id: string;
  workspaceId: string;
  createdAt: string;
  expiresAt: string;
  /** Since when the row has these times. A span that was over by then has not ended it. */
  datedAt: string;
  /** From when on the lifetime counts, if that is not the creation. */
  lifetimeFrom?: string;
}

/** The columns of a row of a table that policies govern. */
export const governed = (row: string): GovernedColumns => ({
  id: `${row}.id`,
  workspaceId: `${row}.workspace_id`,
  createdAt: `${row}.created_at`,
  expiresAt: `${row}.expires_at`,
  datedAt: `${row}.dated_at`,
});

/** Whether a policy or a span has a bound. */
export const isBounded = (row: string) =>
  `(coalesce(${row}.maximum_lifetime_seconds, ${row}.idle_seconds) is not null or ${row}.requires_expiry)`;

const COLUMNS = 'subject, maximum_lifetime_seconds, idle_seconds, idle_tolerance_seconds, requires_expiry, valid_from';

/** Every span: `valid_until` is `infinity` for the policies in force. */
export const SPANS = `(select ${COLUMNS}, 'infinity'::timestamptz as valid_until from credential_policies
    union all select ${COLUMNS}, valid_until from former_credential_policies)`;

/** Whether there is a policy for the workspace of a credential, or was one. */
export const hasPolicyOfWorkspace = ({ workspaceId }: Pick<GovernedColumns, 'workspaceId'>) =>
  `${workspaceId} in (select s.subject from ${SPANS} s where s.subject <> '*' and ${isBounded('s')})`;

/** SQL for the columns of a span: those of a row, or constants. */
export interface SpanColumns {
  maximumLifetimeSeconds: string;
  idleSeconds: string;
  idleToleranceSeconds: string;
  requiresExpiry: string;
  validFrom: string;
  validUntil: string;
}

/** The columns of a row of `SPANS`. */
export const spanRow = (row: string): SpanColumns => ({
  maximumLifetimeSeconds: `${row}.maximum_lifetime_seconds`,
  idleSeconds: `${row}.idle_seconds`,
  idleToleranceSeconds: `${row}.idle_tolerance_seconds`,
  requiresExpiry: `${row}.requires_expiry`,
  validFrom: `${row}.valid_from`,
  validUntil: `${row}.valid_until`,
});

/** When a credential is due under the bounds of a span, without `idle_seconds`; null if it never is. */
export const fixedDue = (span: SpanColumns, { createdAt, expiresAt, lifetimeFrom = createdAt }: GovernedColumns) =>
  `least(${lifetimeFrom} + make_interval(secs => ${span.maximumLifetimeSeconds}),
      case when ${span.requiresExpiry} and ${expiresAt} is null then '-infinity'::timestamptz end)`;

/** The same for `idle_seconds`. @param lastUse SQL for the last use; null if there was none */
export const idleDue = (span: SpanColumns, { createdAt }: GovernedColumns, lastUse: string) =>
  `case when ${span.idleSeconds} is not null then
      greatest(${createdAt}, ${lastUse}) + make_interval(secs => ${span.idleSeconds}::float8 + ${span.idleToleranceSeconds}) end`;

/** When a credential is due under all bounds of a span. */
export const dueIn = (span: SpanColumns, columns: GovernedColumns, lastUse = lastUseOf(columns.id)) =>
  `least(${fixedDue(span, columns)}, ${idleDue(span, columns, lastUse)})`;

/** Whether a span revokes a credential that is due then: it was due when the span began. */
export const isRevokedIn = (span: SpanColumns, { datedAt }: Pick<GovernedColumns, 'datedAt'>, due: string) =>
  `(${due} <= ${span.validFrom} and ${datedAt} <= ${span.validFrom})`;

/** When a span ends a credential that is due then; null if it does not. */
export const endIn = (span: SpanColumns, columns: Pick<GovernedColumns, 'datedAt'>, due: string) =>
  `case when ${due} <= ${span.validUntil} and ${columns.datedAt} <= ${span.validUntil} then
      case when ${isRevokedIn(span, columns, due)} then ${span.validFrom}
        when ${due} = '-infinity' then ${columns.datedAt} else ${due} end end`;

/** A scalar subquery over the ends that all spans set for one credential. */
function overEnds(columns: GovernedColumns, selection: string): string {
  const span = spanRow('span');
  const ofDue = (due: string) => endIn(span, columns, due);
  return `(select ${selection} from ${SPANS} span
    cross join lateral (select ${fixedDue(span, columns)} as fixed, ${idleDue(span, columns, lastUseOf(columns.id))} as idle) due
    cross join lateral (select ${ofDue('due.fixed')} as fixed, ${ofDue('due.idle')} as idle,
      case when ${isRevokedIn(span, columns, 'least(due.fixed, due.idle)')} then ${ofDue('least(due.fixed, due.idle)')} end
        as revoked) ends
    where span.subject in ('*', ${columns.workspaceId}))`;
}

/** Milliseconds since the epoch. */
const ms = (moment: string) => `extract(epoch from ${moment})::float8 * 1000`;

/** When policies end a credential, as JSON. `parsePolicyEnd` reads it. */
export function policyEnd(columns: GovernedColumns): string {
  const ends = ['least(ends.fixed, ends.idle)', 'ends.revoked', 'ends.fixed'].map((end) => ms(`min(${end})`));
  return overEnds(columns, `json_build_array(${ends.join(', ')})::text`);
}

/** The first of these ends, as a moment; null if there is none. */
export function policyEndsAt(columns: GovernedColumns): string {
  return overEnds(columns, 'min(least(ends.fixed, ends.idle))');
}

/** Whether a credential that is not revoked has ended: by itself or by a policy. */
export function hasEnded(columns: GovernedColumns): string {
  return `((${columns.expiresAt} <= clock_timestamp() or ${policyEndsAt(columns)} <= clock_timestamp()) is true)`;
}

const lockOf = (subject: string) => `hashtextextended('policy:' || ${subject}, 0)`;

/**
 * Keeps the policies of a credential as they are until the end of the transaction: of the installation, and of the
 * workspace in the parameter, which may be null. Every change of a policy takes the lock below, also in plain SQL. So
 * nothing that a credential does, and no credential that is created, commits after a policy that would have prevented it.
 */
export const KEEP_POLICIES = policyLock(null, null);

/** Locks the policy with the subject in the parameter for a change. The trigger takes the same lock. */
export const LOCK_POLICY = `select pg_advisory_xact_lock(${lockOf('?::text')})`;

/**
 * The lock for the confirmation of a credential that policies govern: it keeps its policies, and locks the one that the
 * transaction changes, because a lock that is shared first could deadlock with another one. Parameter: the id of the
 * workspace of the credential, or null.
 */
export function policyLock(changing: string | null, workspaceId: string | null): string {
  const lock = (shared: boolean, subject: string) =>
    `pg_advisory_xact_lock${shared ? '_shared' : ''}(${lockOf(subject)})`;
  const isChanged = workspaceId !== null && changing === workspaceId;
  return `select ${lock(changing !== '*', `'*'`)}, ${lock(!isChanged, '?::text')}`;
}
