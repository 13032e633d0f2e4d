import { Migration } from '@mikro-orm/migrations';

/** Accounts, sessions, workspaces and API keys. */
export class Migration20261122000000 extends Migration {
  override async up(): Promise<void> {
    // Foreign keys are checked at the commit. Entities refer to each other only by id, so the unit of work does not
    // know in which order it must write them.
    this.addSql(`create table users (
      id text primary key,
      email_sealed text not null,
      email_index bytea not null unique,
      display_name text not null,
      role text not null check (role in ('MEMBER', 'ADMIN')),
      password_hash text not null,
      created_at timestamptz not null,
      disabled_at timestamptz,
      session_generation integer not null default 0,
      session_kept text,
      sessions_revoked_at timestamptz,
      sessions_revocation_reason text
    )`);

    // At most one row each: the one-time token for the first administrator, and the fact that there is one.
    this.addSql(
      `create table setup_token (one boolean primary key default true check (one), token_hash text not null)`,
    );
    this.addSql(`create table bootstrapped (
      one boolean primary key default true check (one),
      user_id text not null references users (id) deferrable initially deferred,
      at timestamptz not null default clock_timestamp()
    )`);

    this.addSql(`create table workspaces (
      id text primary key,
      name text not null,
      requires_signed_requests boolean not null default false,
      created_at timestamptz not null
    )`);
    this.addSql(`create table workspace_members (
      workspace_id text not null references workspaces (id) on delete cascade deferrable initially deferred,
      user_id text not null references users (id) on delete cascade deferrable initially deferred,
      role text not null check (role in ('MEMBER', 'OWNER')),
      created_at timestamptz not null,
      primary key (workspace_id, user_id)
    )`);
    this.addSql(`create index workspace_members_user on workspace_members (user_id)`);

    // One row is one login: a family of refresh tokens and the access tokens they were exchanged for.
    this.addSql(`create table sessions (
      id text primary key,
      user_id text not null references users (id) on delete cascade deferrable initially deferred,
      generation integer not null default 0,
      scopes text[] not null,
      created_at timestamptz not null,
      refreshed_at timestamptz not null,
      idle_expires_at timestamptz not null,
      expires_at timestamptz not null,
      ip_address text,
      user_agent text,
      revoked_at timestamptz,
      revocation_reason text,
      check (idle_expires_at <= expires_at)
    )`);
    this.addSql(`create index sessions_user on sessions (user_id, id desc)`);
    this.addSql(`create table refresh_tokens (
      id text primary key,
      session_id text not null references sessions (id) on delete cascade deferrable initially deferred,
      token_hash text not null unique,
      parent_id text unique references refresh_tokens (id) on delete cascade deferrable initially deferred,
      created_at timestamptz not null,
      used_at timestamptz
    )`);
    this.addSql(`create index refresh_tokens_session on refresh_tokens (session_id, id desc)`);

    this.addSql(`create index sessions_expiry on sessions (expires_at)`);

    // The ledger of access tokens that were revoked one by one.
    this.addSql(`create table access_token_revocations (
      id text primary key,
      jti text not null unique,
      session_id text not null,
      user_id text not null references users (id) on delete cascade deferrable initially deferred,
      revoked_at timestamptz not null,
      expires_at timestamptz not null,
      reason text not null,
      revoked_by text
    )`);
    this.addSql(`create index access_token_revocations_user on access_token_revocations (user_id, id desc)`);
    this.addSql(`create index access_token_revocations_expiry on access_token_revocations (expires_at)`);
    this.addSql(`create table jwt_keys (
      kid text primary key,
      state text not null check (state in ('NEXT', 'CURRENT', 'RETIRED')),
      public_jwk jsonb not null,
      private_sealed text not null,
      created_at timestamptz not null,
      activated_at timestamptz,
      retired_at timestamptz
    )`);
    this.addSql(`create unique index jwt_keys_one_current on jwt_keys (state) where state = 'CURRENT'`);

    this.addSql(`create table api_keys (
      id text primary key,
      user_id text not null references users (id) on delete cascade deferrable initially deferred,
      workspace_id text references workspaces (id) on delete cascade deferrable initially deferred,
      name text not null,
      hint text not null,
      secret_hash text not null unique,
      previous_secret_hash text unique,
      previous_secret_expires_at timestamptz,
      scopes text[] not null,
      permissions text[] not null,
      created_at timestamptz not null,
      created_from_ip text,
      expires_at timestamptz,
      rotated_at timestamptz,
      revoked_at timestamptz,
      revocation_reason text,
      version integer not null default 1,
      check ((previous_secret_hash is null) = (previous_secret_expires_at is null))
    )`);
    this.addSql(`create index api_keys_user on api_keys (user_id, id desc)`);
    this.addSql(`create index api_keys_workspace on api_keys (workspace_id) where workspace_id is not null`);

    // A table of its own: recording a use can never write an old state of a credential back.
    this.addSql(`create table credential_usage (
      credential_id text primary key,
      last_used_at timestamptz not null
    ) with (fillfactor = 70)`);

    this.addSql(`create table audit_events (
      id text primary key,
      type text not null,
      occurred_at timestamptz not null,
      actor_user_id text,
      actor_credential_id text,
      subject_id text,
      workspace_id text,
      ip_address text,
      request_id text
    )`);
    this.addSql(`create index audit_events_subject on audit_events (subject_id, id desc)`);
  }

  // Not reversible: a service that forgets its revocations is worse than one that does not start.
  override async down(): Promise<void> {
    throw new Error('The initial migration cannot be undone. Restore a backup instead.');
  }
}
