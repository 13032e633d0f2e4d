import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnRow, invalidateOnUpdate } from '../../database/triggers.ts';

/** The events of revoked access tokens and of revoked signing keys. Those of sessions need no change. */
export class Migration20261130000400 extends Migration {
  override async up(): Promise<void> {
    const ledger = 'access_token_revocations';
    for (const event of ['insert', 'update', 'update_new'] as const)
      this.addSql(dropInvalidation({ table: ledger, event }));
    for (const event of ['update', 'delete'] as const) this.addSql(dropInvalidation({ table: 'jwt_keys', event }));
    const entry = { table: ledger, tag: 'jti', column: 'jti', subject: 'ACCESS_TOKEN' };
    // A follower cannot know which key has signed a token. So the end of a key concerns everything.
    const key = { table: 'jwt_keys', tag: 'jwt-key', column: 'kid', subject: 'ALL' };
    for (const statement of [
      ...invalidateOnRow({ ...entry, event: 'insert' }),
      ...invalidateOnUpdate({ ...entry, columns: ['jti'] }),
      ...invalidateOnUpdate({ ...entry, columns: ['jti'], row: 'new' }),
      ...invalidateOnUpdate({ ...key, columns: ['kid', 'public_jwk'] }),
      ...invalidateOnRow({ ...key, event: 'delete' }),
    ])
      this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('The invalidation log cannot be undone. Restore a backup instead.');
  }
}
