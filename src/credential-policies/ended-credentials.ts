import type { EntityManager } from '@mikro-orm/sql';
import type { CredentialType } from '../credentials/credential-type.ts';
import { usageAs } from '../credentials/last-used.sql.ts';
import type { BoundsInForce } from '../identity/credential-policy.ts';
import { INSTALLATION } from './credential-policy.entity.ts';
import { dueIn, endIn, type GovernedColumns, governed, isRevokedIn, SPANS } from './credential-policy.sql.ts';

const ROW = 'c';

/** One table of credentials that policies govern: SQL about its rows `c`, with their last uses joined. */
interface Governed {
  table: string;
  isUnrevoked: string;
  columns: GovernedColumns;
  /** When a row is due in the span `p`. */
  due: string;
}

function governedTable({ table, governed: of }: CredentialType): Governed[] {
  if (!of) return [];
  const columns = { ...governed(ROW), ...(of.lifetimeFrom ? { lifetimeFrom: of.lifetimeFrom(ROW) } : {}) };
  return [{ table, isUnrevoked: of.isUnrevoked(ROW), columns, due: dueIn('p', columns, 'usage.last_used_at') }];
}

/** Reads the tables of all kinds of credentials that policies govern, as their types describe them. */
export class EndedCredentials {
  readonly #tables: readonly Governed[];

  constructor(types: readonly CredentialType[]) {
    this.#tables = types.flatMap(governedTable);
  }

  /**
   * How many credentials would end if a policy with this subject and these bounds began to be in force now. What the
   * policies in force have ended is not counted. It reads every credential that the policy would govern.
   */
  async countOf(em: EntityManager, subject: string, bounds: BoundsInForce): Promise<number> {
    const { maximumLifetimeSeconds, idleSeconds, idleToleranceSeconds, requiresExpiry } = bounds;
    if (maximumLifetimeSeconds === null && idleSeconds === null && !requiresExpiry) return 0;
    const counts = this.#tables.map((of) => {
      const { due, columns } = of;
      const dueBefore = dueIn('o', columns, 'usage.last_used_at');
      return `(select count(*) from ${rowsOf(of, '(select * from begun)', subject)} and ${isRevokedIn('p', columns, due)}
        and not exists (select from ${SPANS} o
          where o.subject in ('*', ${ROW}.workspace_id) and ${endIn('o', columns, dueBefore)} < p.valid_from))`;
    });
    const [row] = await em.execute<{ ended: number }[]>(
      `with begun as materialized (select ?::int as maximum_lifetime_seconds, ?::int as idle_seconds,
          ?::int as idle_tolerance_seconds, ?::bool as requires_expiry, statement_timestamp() as valid_from)
        select (${counts.join(' + ')})::int as ended`,
      [
        ...[maximumLifetimeSeconds, idleSeconds, idleToleranceSeconds, requiresExpiry],
        ...this.#tables.flatMap(() => scopeOf(subject)),
      ],
    );
    return row?.ended ?? 0;
  }

  /**
   * Forgets the last span of this subject that is over, if no credential ended in it. So there are never more spans than
   * credentials that ended. What is over does not change any more, so this needs no lock. It reads every credential that the
   * policy governs.
   */
  async forgetIdleSpan(em: EntityManager, subject: string): Promise<void> {
    const ended = this.#tables.map(
      (of) => `exists (select from ${rowsOf(of, '(select f.*)', subject)} 
        and ${endIn('p', of.columns, of.due)} is not null)`,
    );
    await em.execute(
      `delete from former_credential_policies f where f.subject = ?
        and f.valid_until = (select max(l.valid_until) from former_credential_policies l where l.subject = f.subject)
        and not (${ended.join(' or ')})`,
      [subject, ...this.#tables.flatMap(() => scopeOf(subject))],
    );
  }
}

/** The rows in the scope of a policy that did not end by themselves before it, with `p` as the span. */
function rowsOf({ table, isUnrevoked, due }: Governed, span: string, subject: string): string {
  const scope = subject === INSTALLATION ? '' : `and ${ROW}.workspace_id = ?`;
  return `${table} ${ROW} left join ${usageAs('usage')} on usage.credential_id = ${ROW}.id
    cross join lateral ${span} p
    where ${isUnrevoked} and (${ROW}.expires_at is null or ${ROW}.expires_at > greatest(${due}, p.valid_from)) ${scope}`;
}

/** The values of the parameters in `rowsOf`. */
function scopeOf(subject: string): string[] {
  return subject === INSTALLATION ? [] : [subject];
}
