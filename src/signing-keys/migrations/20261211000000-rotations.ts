import { Migration } from '@mikro-orm/migrations';
import { invalidateOnDates } from '../../credential-policies/governed-table.sql.ts';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

/** The columns that decide whether a signing key is valid, without those that only policies depend on. */
const KEY_COLUMNS = ['id', 'workspace_id', 'secret_sealed', 'scopes', 'permissions', 'expires_at', 'revoked_at'];
const valuesOf = (row: string) => `(${KEY_COLUMNS.map((column) => `${row}.${column}`).join(', ')})`;

/**
 * A rotation always appends a row, also if it does not move the expiry of the key. A key that loses its successor appends
 * none. The times that policies count from append one, as they decide about the key.
 */
export class Migration20261211000000 extends Migration {
  override async up(): Promise<void> {
    const table = 'signing_keys';
    this.addSql(dropInvalidation({ table, event: 'update' }));
    for (const statement of [
      ...invalidateOnUpdate({
        table,
        tag: 'signing-key',
        by: 'auth_invalidate_signing_key',
        columns: [...KEY_COLUMNS, 'replaced_by'],
        unless: `${valuesOf('new')} is not distinct from ${valuesOf('old')}
          and (old.replaced_by is not null or new.replaced_by is null)`,
      }),
      ...invalidateOnDates({
        table,
        tag: 'signing-key',
        changes: 'new.lifetime_from is distinct from old.lifetime_from',
      }),
    ])
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Without these triggers, replicas would accept what a policy has ended. Restore a backup instead.');
  }
}
