import { usedOnBefore } from '../credentials/last-used.sql.ts';
import {
  dueIn,
  endIn,
  fixedDue,
  type GovernedColumns,
  idleDue,
  isBounded,
  isRevokedIn,
  SPANS,
  type SpanColumns,
  spanRow,
} from './credential-policy.sql.ts';

// For statements that read very many credentials: with the spans of the installation as constants, a row costs a few
// comparisons, and indexes find what a span has ended. `policyEnd` asks for the spans of each row instead.

/** A span of the policy of one subject. The moments are as PostgreSQL writes them. */
export interface KnownSpan {
  maximumLifetimeSeconds: number | null;
  idleSeconds: number | null;
  idleToleranceSeconds: number;
  requiresExpiry: boolean;
  validFrom: string;
  validUntil: string;
}

/** What is known of all policies before a statement is written. */
export interface KnownPolicies {
  /** The spans of the installation that have a bound. */
  installation: readonly KnownSpan[];
  /** Whether a workspace has a policy with a bound. */
  ofWorkspaces: boolean;
  /** Whether a workspace had one that ended a credential. */
  formerOfWorkspaces: boolean;
}

const asJson = (row: string) => `json_build_object(
    'maximumLifetimeSeconds', ${row}.maximum_lifetime_seconds, 'idleSeconds', ${row}.idle_seconds,
    'idleToleranceSeconds', ${row}.idle_tolerance_seconds, 'requiresExpiry', ${row}.requires_expiry,
    'validFrom', ${row}.valid_from::text, 'validUntil', ${row}.valid_until::text)`;

/** Each span of the subject in the parameter that has a bound, the last one first: JSON of a `KnownSpan`. */
export const SPANS_OF_SUBJECT = `select (${asJson('s')})::text as span from ${SPANS} s
  where s.subject = ? and ${isBounded('s')} order by s.valid_until desc, s.valid_from desc`;

/** One row: JSON of `KnownPolicies`. */
export const KNOWN_POLICIES = `select json_build_object(
    'installation', coalesce((select json_agg(${asJson('s')}) from ${SPANS} s where s.subject = '*' and ${isBounded('s')}), '[]'),
    'ofWorkspaces', exists (select from credential_policies p where p.workspace_id is not null and ${isBounded('p')}),
    'formerOfWorkspaces', exists (select from former_credential_policies f where f.workspace_id is not null))::text as known`;

const MOMENT = /^(infinity|[\d :.+-]+)$/;

function moment(text: string): string {
  if (!MOMENT.test(text)) throw new Error('A span of a policy has an invalid moment.');
  return `'${text}'::timestamptz`;
}

const seconds = (value: number | null) => (value === null ? 'null::integer' : String(Math.trunc(value)));

/** A span as constants. */
export function constants(span: KnownSpan): SpanColumns {
  return {
    maximumLifetimeSeconds: seconds(span.maximumLifetimeSeconds),
    idleSeconds: seconds(span.idleSeconds),
    idleToleranceSeconds: seconds(span.idleToleranceSeconds),
    requiresExpiry: String(span.requiresExpiry === true),
    validFrom: moment(span.validFrom),
    validUntil: moment(span.validUntil),
  };
}

/** SQL for when policies end the credential in a row. */
export interface PolicyEnds {
  /** Joins of the statement. */
  joins: string;
  /** The first of all ends; null if there is none. */
  end: string;
  /** The first end that a policy set when it was tightened; null if there is none. */
  revoked: string;
}

/** @param lastUse SQL for the last use, from a join */
export function policyEndsAmong(known: KnownPolicies, columns: GovernedColumns, lastUse: string): PolicyEnds {
  const { id, workspaceId } = columns;
  const policy = `policy_of_${id.replaceAll('.', '_')}`;
  const spans = known.installation.map(constants);
  if (known.ofWorkspaces) spans.push({ ...spanRow(policy), validUntil: `'infinity'::timestamptz` });
  const ends = spans.flatMap((span) => [
    endIn(span, columns, fixedDue(span, columns)),
    endIn(span, columns, idleDue(span, columns, lastUse)),
  ]);
  const revoked = spans.map((span) => revokedIn(span, columns, dueIn(span, columns, lastUse)));
  if (known.formerOfWorkspaces) {
    const overFormer = (of: (span: SpanColumns, due: string) => string) => {
      const span = spanRow('former');
      return `case when ${workspaceId} in (select f.workspace_id from former_credential_policies f where f.workspace_id is not null)
        then (select min(${of(span, dueIn(span, columns, lastUse))}) from former_credential_policies former
          where former.workspace_id = ${workspaceId}) end`;
    };
    ends.push(overFormer((span, due) => endIn(span, columns, due)));
    revoked.push(overFormer((span, due) => revokedIn(span, columns, due)));
  }
  const join = `left join credential_policies ${policy} on ${policy}.workspace_id = ${workspaceId}`;
  return { joins: known.ofWorkspaces ? join : '', end: firstOf(ends), revoked: firstOf(revoked) };
}

const revokedIn = (span: SpanColumns, columns: GovernedColumns, due: string) =>
  `case when ${isRevokedIn(span, columns, due)} then ${endIn(span, columns, due)} end`;

const firstOf = (moments: string[]) => (moments.length === 0 ? 'null::timestamptz' : `least(${moments.join(', ')})`);

/** A condition, and what repeats a selection of ids for each row that the condition needs. */
export interface Alternative {
  where: string;
  inEach: (selection: string) => string;
}

/**
 * Conditions of which each credential that a policy has ended by a moment fulfils one. Indexes find the
 * credentials that fulfil them. Some of these have not ended. A credential may be found several times.
 *
 * @param by SQL for the moment, of each span
 */
export function mayHaveEnded(
  known: KnownPolicies,
  columns: GovernedColumns,
  by: (span: SpanColumns) => string,
): Alternative[] {
  const ofInstallation = known.installation.flatMap((span) => mayHaveEndedIn(span, columns, by));
  const alternatives = ofInstallation.map((where) => ({ where, inEach: once }));
  if (!known.ofWorkspaces && !known.formerOfWorkspaces) return alternatives;
  const isOfWorkspace = `${columns.workspaceId} = of_workspace.subject`;
  const inEach = (selection: string) => `select in_workspace.id from ${SPANS} of_workspace
    cross join lateral (${selection}) in_workspace where of_workspace.subject <> '*'`;
  const ofWorkspaces = dueConditions(spanRow('of_workspace'), columns, by);
  return [
    ...alternatives,
    ...Object.values(ofWorkspaces).map((where) => ({ where: `${isOfWorkspace} and ${where}`, inEach })),
  ];
}

const once = (selection: string) => selection;

/** The same for one span. */
export function mayHaveEndedIn(
  known: KnownSpan,
  columns: GovernedColumns,
  by: (span: SpanColumns) => string,
): string[] {
  const { lifetime, idle, expiry } = dueConditions(constants(known), columns, by);
  return [
    ...(known.maximumLifetimeSeconds === null ? [] : [lifetime]),
    ...(known.idleSeconds === null ? [] : [idle]),
    ...(known.requiresExpiry ? [expiry] : []),
  ];
}

/** For each bound of a span: a condition that every credential fulfils that is due by a moment under this bound. */
function dueConditions(
  span: SpanColumns,
  { id, createdAt, expiresAt, lifetimeFrom = createdAt }: GovernedColumns,
  by: (span: SpanColumns) => string,
) {
  const before = (length: string) => `(${by(span)} - make_interval(secs => ${length}))`;
  const idle = before(`${span.idleSeconds} + ${span.idleToleranceSeconds}`);
  return {
    lifetime: `${lifetimeFrom} <= ${before(span.maximumLifetimeSeconds)}`,
    idle: `${createdAt} <= ${idle} and ${usedOnBefore(id, idle)}`,
    expiry: `${span.requiresExpiry} and ${expiresAt} is null`,
  };
}
