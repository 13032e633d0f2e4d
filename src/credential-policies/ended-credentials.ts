import type { EntityManager } from '@mikro-orm/sql';
import type { CredentialType } from '../credentials/credential-type.ts';
import { joinUsage, lastUsedAt } from '../credentials/usage.sql.ts';
import { INSTALLATION } from './credential-policy.entity.ts';
import { dueIn, endIn, governed, SPANS } from './credential-policy.sql.ts';

const ROW = 'c';
const COLUMNS = governed(ROW);
/** When a credential is due in the span `p`, with its last use joined: for reads of a whole table. */
const DUE = dueIn('p', COLUMNS, lastUsedAt('usage'));

/** Reads the tables of all kinds of credentials that policies govern, as their types describe them. */
export class EndedCredentials {
  readonly #types: readonly CredentialType[];

  constructor(types: readonly CredentialType[]) {
    this.#types = types.filter(({ isUnrevoked }) => isUnrevoked !== undefined);
  }

  /** How many credentials the policy with this subject has ended when it began to be in force, and no other before. */
  async countOf(em: EntityManager, subject: string): Promise<number> {
    const inForce = `(select * from ${SPANS} s where s.subject = ? and s.valid_until = 'infinity')`;
    const endedBefore = `exists (select from ${SPANS} o where o.subject in ('*', ${ROW}.workspace_id)
        and ${endIn('o', COLUMNS, dueIn('o', COLUMNS, lastUsedAt('usage')))} < p.valid_from)`;
    const counts = this.#types.map(
      (type) => `(select count(*) from ${this.#rows(type, inForce, subject)}
        and ${DUE} <= p.valid_from and ${ROW}.created_at <= p.valid_from and not ${endedBefore})`,
    );
    const values = this.#types.flatMap(() => valuesOf(subject));
    const [row] = await em.execute<{ ended: number }[]>(`select (${counts.join(' + ')})::int as ended`, values);
    return row?.ended ?? 0;
  }

  /**
   * Forgets the last span of this subject that is over, if no credential ended in it. So there are never more spans than
   * credentials that ended.
   */
  async forgetIdleSpan(em: EntityManager, subject: string): Promise<void> {
    const ended = this.#types.map(
      (type) => `exists (select from ${this.#rows(type, '(select f.*)', subject)} and ${DUE} <= p.valid_until
        and ${ROW}.created_at <= p.valid_until)`,
    );
    await em.execute(
      `delete from former_credential_policies f where f.subject = ?
        and f.valid_until = (select max(l.valid_until) from former_credential_policies l where l.subject = f.subject)
        and not (${ended.join(' or ')})`,
      [subject, ...this.#types.flatMap(() => valuesOf(subject).slice(1))],
    );
  }

  /** The rows in the scope of a policy that did not end by themselves before it, with `p` as the span. */
  #rows({ table, isUnrevoked }: CredentialType, span: string, subject: string): string {
    const scope = subject === INSTALLATION ? '' : `and ${ROW}.workspace_id = ?`;
    return `${table} ${ROW} ${joinUsage('usage', `${ROW}.id`)} cross join lateral ${span} p
      where ${isUnrevoked!(ROW)} and (${ROW}.expires_at is null or ${ROW}.expires_at > greatest(${DUE}, p.valid_from)) ${scope}`;
  }
}

/** The values of the parameters: of the span, and of the scope. */
function valuesOf(subject: string): string[] {
  return subject === INSTALLATION ? [subject] : [subject, subject];
}
