import type { EntityManager } from '@mikro-orm/sql';
import type { CredentialType } from '../credentials/credential-type.ts';
import { usageAs } from '../credentials/last-used.sql.ts';
import type { BoundsInForce } from '../identity/credential-policy.ts';
import { INSTALLATION } from './credential-policy.entity.ts';
import {
  dueIn,
  endIn,
  type GovernedColumns,
  governed,
  hasPolicyOfWorkspace,
  isRevokedIn,
  SPANS,
  type SpanColumns,
  spanRow,
} from './credential-policy.sql.ts';
import {
  constants,
  KNOWN_POLICIES,
  type KnownPolicies,
  type KnownSpan,
  mayHaveEndedIn,
  SPANS_OF_SUBJECT,
} from './known-policies.sql.ts';

const ROW = 'c';
const LAST_USE = `${ROW}.last_used_at`;
/** A statement must end before its timeout, however many credentials there are. */
const BATCH = 10_000;

/** One table of credentials that policies govern: SQL about its rows `c`. */
interface Governed {
  table: string;
  isUnrevoked: string;
  columns: GovernedColumns;
}

function governedTable({ table, governed: of }: CredentialType): Governed[] {
  if (!of) return [];
  const columns = { ...governed(ROW), ...(of.lifetimeFrom ? { lifetimeFrom: of.lifetimeFrom(ROW) } : {}) };
  return [{ table, isUnrevoked: of.isUnrevoked(ROW), columns }];
}

/** Reads the tables of all kinds of credentials that policies govern, as their types describe them. */
export class EndedCredentials {
  readonly #tables: readonly Governed[];

  constructor(types: readonly CredentialType[]) {
    this.#tables = types.flatMap(governedTable);
  }

  /**
   * How many credentials would end if a policy with this subject and these bounds began to be in force now. What policies
   * have ended before is not counted.
   */
  async countOf(em: EntityManager, subject: string, bounds: BoundsInForce): Promise<number> {
    const { maximumLifetimeSeconds, idleSeconds, requiresExpiry } = bounds;
    if (maximumLifetimeSeconds === null && idleSeconds === null && !requiresExpiry) return 0;
    const others = subject === INSTALLATION ? [] : await spansOf(em, INSTALLATION);
    const before = [...(await spansOf(em, subject)), ...others];
    const [row] = await em.execute<{ known: string; now: string }[]>(
      `select (${KNOWN_POLICIES}) as known, statement_timestamp()::text as now`,
    );
    const inForce = { ...bounds, validFrom: row!.now, validUntil: 'infinity' };
    const known: KnownPolicies = JSON.parse(row!.known);
    const areInWorkspaces = subject === INSTALLATION && (known.ofWorkspaces || known.formerOfWorkspaces);
    let count = 0;
    for (const of of this.#tables) count += await countIn(em, of, { subject, inForce, before, areInWorkspaces });
    return count;
  }

  /**
   * Forgets the last span of this subject that is over, if no credential ended in it. So there are never more spans than
   * credentials that ended. What is over does not change any more, so this needs no lock. It reads every credential that the
   * policy governs.
   */
  async forgetIdleSpan(em: EntityManager, subject: string): Promise<void> {
    const last = (await spansOf(em, subject)).find((span) => !isInForce(span));
    if (!last) return;
    const span = constants(last);
    const { scope, values } = scopeOf(subject);
    const ended = this.#tables.flatMap((of) =>
      mayHaveEndedIn(last, of.columns, ({ validUntil }) => validUntil).map((alternative) => {
        const due = dueIn(span, of.columns, LAST_USE);
        return `exists (select from (${rowsOf(of, `${scope} and ${alternative}`)}) ${ROW}
          where ${isUnended(of, span, due)} and ${endIn(span, of.columns, due)} is not null)`;
      }),
    );
    await em.execute(
      `delete from former_credential_policies f where f.subject = ? and f.valid_until = ${span.validUntil}
        and not (${ended.join(' or ')})`,
      [subject, ...ended.flatMap(() => values)],
    );
  }
}

/** Which credentials to count: those that a span ends when it begins, and none of these before. */
interface Count {
  subject: string;
  inForce: KnownSpan;
  before: readonly KnownSpan[];
  /** Whether policies of workspaces may have ended some of them before. */
  areInWorkspaces: boolean;
}

async function countIn(
  em: EntityManager,
  of: Governed,
  { subject, inForce, before, areInWorkspaces }: Count,
): Promise<number> {
  const { columns } = of;
  const span = constants(inForce);
  const { scope, values } = scopeOf(subject);
  const alternatives = mayHaveEndedIn(inForce, columns, ({ validFrom }) => validFrom);
  const endedBefore = (other: SpanColumns) =>
    `coalesce(${endIn(other, columns, dueIn(other, columns, LAST_USE))} < ${span.validFrom}, false)`;
  // The spans of the workspaces are asked for only where a credential has ended.
  const ofWorkspace = `${hasPolicyOfWorkspace(columns)} and exists (select from ${SPANS} o
    where o.subject = ${columns.workspaceId} and ${endedBefore(spanRow('o'))})`;
  const due = dueIn(span, columns, LAST_USE);
  const conditions = [
    isUnended(of, span, due),
    isRevokedIn(span, columns, due),
    ...before.map((other) => `not ${endedBefore(constants(other))}`),
    ...(areInWorkspaces ? [`not coalesce(${ofWorkspace}, false)`] : []),
  ];
  const withUses = areInWorkspaces || [inForce, ...before].some(({ idleSeconds }) => idleSeconds !== null);
  let count = 0;
  for (const [index, alternative] of alternatives.entries()) {
    // Each alternative by itself, so that an index finds its rows. A row counts once.
    const counted = alternatives.slice(0, index).map((other) => `and not coalesce(${other}, false)`);
    const rows = rowsOf(of, `${scope} and ${alternative} ${counted.join(' ')} and ${ROW}.id > ?`, { withUses });
    const text = `select count(*) filter (where ${conditions.join(' and ')})::int as ended, count(*)::int as seen,
        max(${ROW}.id) as last
      from (${rows} order by ${ROW}.id limit ${BATCH}) ${ROW}`;
    count += await countInBatches(em, text, values);
  }
  return count;
}

/** @param text counts the rows after the id in the last parameter, at most one batch, in the order of the ids */
async function countInBatches(em: EntityManager, text: string, values: readonly string[]): Promise<number> {
  let count = 0;
  for (let after: string | null = ''; after !== null; ) {
    const found: { ended: number; seen: number; last: string }[] = await em.execute(text, [...values, after]);
    const { ended, seen, last } = found[0]!;
    count += ended;
    after = seen === BATCH ? last : null;
  }
  return count;
}

async function spansOf(em: EntityManager, subject: string): Promise<KnownSpan[]> {
  const rows = await em.execute<{ span: string }[]>(SPANS_OF_SUBJECT, [subject]);
  return rows.map(({ span }) => JSON.parse(span));
}

const isInForce = ({ validUntil }: KnownSpan) => validUntil === 'infinity';

/** The condition for the rows in the scope of a policy, and the values of its parameters. */
function scopeOf(subject: string): { scope: string; values: string[] } {
  return subject === INSTALLATION
    ? { scope: 'true', values: [] }
    : { scope: `${ROW}.workspace_id = ?`, values: [subject] };
}

/** Rows that are not revoked, each with its last use, if a bound counts from it. */
function rowsOf({ table, isUnrevoked }: Governed, condition: string, { withUses = true } = {}): string {
  const [use, join] = withUses
    ? ['usage.last_used_at', `left join ${usageAs('usage')} on usage.credential_id = ${ROW}.id`]
    : ['null::timestamptz as last_used_at', ''];
  return `select ${ROW}.*, ${use} from ${table} ${ROW} ${join} where ${isUnrevoked} and ${condition}`;
}

/** Whether a row did not end by itself before a span ended it. */
function isUnended({ columns: { expiresAt } }: Governed, { validFrom }: SpanColumns, due: string): string {
  return `(${expiresAt} is null or ${expiresAt} > greatest(${due}, ${validFrom}))`;
}
