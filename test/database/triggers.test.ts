// Released migrations contain the text of these statements, so it must not change by a byte.
import { expect, test } from 'vitest';
import { invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../src/database/triggers.ts';

test('an update invalidates the tag of the old row, unless the condition `unless` holds', () => {
  const columns = ['id', 'revoked_at'];
  expect(invalidateOnUpdate({ table: 'tokens', tag: 'token', columns, unless: 'new.id = old.id' })).toEqual([
    `create constraint trigger tokens_invalidate_update after update on tokens
        deferrable initially deferred for each row
        when ((old.id, old.revoked_at) is distinct from (new.id, new.revoked_at) and not (new.id = old.id))
        execute function auth_invalidate_row('token', 'id', 'old')`,
    'alter table tokens enable always trigger tokens_invalidate_update',
  ]);
});

test('an update can invalidate the tag of the new row', () => {
  expect(invalidateOnUpdate({ table: 'tokens', tag: 'token', column: 'jti', columns: ['jti'], row: 'new' })).toEqual([
    `create constraint trigger tokens_invalidate_update_new after update on tokens
        deferrable initially deferred for each row
        when ((old.jti) is distinct from (new.jti))
        execute function auth_invalidate_row('token', 'jti', 'new')`,
    'alter table tokens enable always trigger tokens_invalidate_update_new',
  ]);
});

test('an insert, a delete and a truncate invalidate with any session_replication_role', () => {
  expect([
    ...invalidateOnRow({ table: 'tokens', event: 'insert', tag: 'token' }),
    ...invalidateOnRow({
      table: 'tokens',
      event: 'delete',
      tag: 'token',
      column: 'jti',
      when: 'old.expires_at is null',
    }),
    ...invalidateOnTruncate({ table: 'tokens' }),
  ]).toEqual([
    `create constraint trigger tokens_invalidate_insert after insert on tokens
        deferrable initially deferred for each row  execute function auth_invalidate_row('token', 'id')`,
    'alter table tokens enable always trigger tokens_invalidate_insert',
    `create constraint trigger tokens_invalidate_delete after delete on tokens
        deferrable initially deferred for each row when (old.expires_at is null) execute function auth_invalidate_row('token', 'jti')`,
    'alter table tokens enable always trigger tokens_invalidate_delete',
    `create trigger tokens_invalidate_truncate after truncate on tokens
        for each statement execute function auth_invalidate_all()`,
    'alter table tokens enable always trigger tokens_invalidate_truncate',
  ]);
});
