import { Migration } from '@mikro-orm/migrations';
import { dropInvalidation, invalidateOnUpdate } from '../../database/triggers.ts';

/** The columns that decide what a daemon token may do: those of the first migration of the tokens, and the rate limit. */
const DECIDING = [
  ...['id', 'registration_id', 'workspace_id', 'daemon_id', 'secret_hash', 'scopes', 'permissions'],
  ...['rate_limit_requests', 'rate_limit_seconds'],
];
const versionOf = (row: string) => [...DECIDING, 'revoked_at'].map((column) => `${row}.${column}`).join(', ');

/** Daemon tokens may have a rate limit. Only plain SQL changes it: that is a revocation like every other such change. */
export class Migration20261220000200 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table daemon_tokens
      add column rate_limit_requests integer,
      add column rate_limit_seconds integer,
      add constraint daemon_tokens_rate_limit check ((rate_limit_requests is null) = (rate_limit_seconds is null)),
      add constraint daemon_tokens_rate_limit_values check (rate_limit_requests >= 1 and rate_limit_seconds >= 1)`);
    this.addSql(dropInvalidation({ table: 'daemon_tokens', event: 'update' }));
    const statements = invalidateOnUpdate({
      table: 'daemon_tokens',
      tag: 'daemon-token',
      by: 'auth_invalidate_daemon_token',
      columns: [...DECIDING, 'expires_at', 'revoked_at'],
      // As in the first migration: a renewal narrows nothing.
      unless: `
          (${versionOf('new')}) is not distinct from (${versionOf('old')})
          and new.expires_at >= old.expires_at and old.expires_at > clock_timestamp()`,
    });
    for (const statement of statements) this.addSql(statement);
  }

  override async down(): Promise<void> {
    throw new Error('Rate limits of daemon tokens would be lost. Restore a backup instead.');
  }
}
