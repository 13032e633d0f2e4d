// Every column that can hold personal data or a secret is sealed, or this file gives the reason why it is not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Feature } from '../../src/feature.ts';
import { features } from '../../src/features.ts';
import { backends, type TestApp } from '../support/app.ts';

const REASONS = {
  id: 'an id that Rekey has made, or the text of several',
  chosenId: 'an id that a client has chosen for a daemon; the schema says that it is shown',
  hash: 'a hash of a random secret, or of a password with its own salt',
  word: 'a word of the schema, or several',
  name: 'searched; the schema says that it is not encrypted',
  hint: 'the last characters of a secret, which lists show',
  protocol: 'data of the protocol between replicas',
  public: 'public',
  network: 'networks that an operator allows, which are compared for each request',
  index: 'a keyed hash',
  other: 'sealed with the master key for the minutes in which it is used',
  wrapped: 'wrapped with the master key',
  audit: 'event data, or the address that an earlier release wrote, until the event is chained',
  count: 'times of calls, counted under a hash',
  explained: 'ids, codes and positions, for the second in which a question is open',
} as const;
type Reason = keyof typeof REASONS;

/** Per table, the columns with one reason. */
const PLAIN: Record<string, Partial<Record<Reason, string[]>>> = {
  access_token_revocations: { id: ['id', 'jti', 'session_id', 'user_id', 'revoked_by'], word: ['reason'] },
  account_tokens: { id: ['user_id', 'workspace_ids'], word: ['kind'], hash: ['token_hash'] },
  api_key_creations: {
    id: ['api_key_id', 'credential_id', 'master_key'],
    hash: ['input_digest', 'key_digest', 'salt'],
  },
  api_key_imports: { id: ['id'] },
  api_keys: {
    id: ['id', 'user_id', 'workspace_id', 'created_by'],
    name: ['name', 'description'],
    hint: ['hint'],
    hash: ['secret_hash', 'previous_secret_hash'],
    word: ['scopes', 'permissions', 'revocation_reason'],
    network: ['allowed_addresses'],
  },
  audit_events: {
    id: ['id', 'actor_credential_id', 'actor_user_id', 'subject_id', 'workspace_id', 'request_id'],
    word: ['type', 'outcome', 'reason'],
    hash: ['ip_address_digest', 'user_agent_digest'],
    audit: ['data', 'ip_address'],
  },
  audit_chains: { id: ['chain'], hash: ['hash'] },
  audit_checkpoints: { id: ['chain', 'kid'], hash: ['hash'], public: ['signature'] },
  audit_keys: { id: ['kid'], public: ['public_jwk'] },
  audit_links: { id: ['chain', 'event_id'], hash: ['hash', 'previous_hash'] },
  audit_removals: { id: ['chain', 'kid'], hash: ['last_hash'], public: ['signature'] },
  auth_bulk: { protocol: ['writer'] },
  auth_epoch: { protocol: ['writer'] },
  auth_inval: {
    protocol: [
      ...['daemon_id', 'effect', 'members', 'reason', 'subject', 'subject_id', 'tag', 'user_id', 'workspace_id'],
    ],
  },
  auth_limits: { count: ['key', 'times'] },
  auth_primary: { protocol: ['identity'] },
  bootstrapped: { id: ['user_id'] },
  canary: { id: ['key_id', 'owner_id'], other: ['secret_sealed'] },
  canary_witnesses: { id: ['key_id'] },
  credential_policies: { id: ['subject', 'workspace_id'] },
  credential_usage: { id: ['credential_id'] },
  daemon_tokens: {
    id: ['id', 'registration_id', 'workspace_id', 'created_by'],
    chosenId: ['daemon_id'],
    hint: ['hint'],
    hash: ['secret_hash'],
    word: ['scopes', 'permissions', 'revocation_reason'],
  },
  daemons: { id: ['id', 'workspace_id'], chosenId: ['daemon_id', 'subject'], word: ['revocation_reason'] },
  data_keys: { id: ['tenant', 'workspace_id'], wrapped: ['wrapped'] },
  explanation_answers: { explained: ['explanation'] },
  explanation_questions: { id: ['request_id'] },
  former_credential_policies: { id: ['subject', 'workspace_id'] },
  jwt_keys: { id: ['kid'], word: ['state'], public: ['public_jwk'] },
  rate_windows: { id: ['credential_id'] },
  reencryption: { word: ['at_table'], id: ['at_row'] },
  refresh_tokens: { id: ['id', 'parent_id', 'session_id'], hash: ['token_hash'] },
  rekey_migrations: { public: ['name'] },
  request_nonces: { hash: ['digest'] },
  sessions: { id: ['id', 'user_id'], word: ['scopes', 'revocation_reason'] },
  setup_token: { hash: ['token_hash'] },
  signing_keys: {
    id: ['id', 'workspace_id', 'created_by', 'replaces', 'replaced_by'],
    name: ['description'],
    hash: ['secret_hash'],
    word: ['scopes', 'permissions', 'revocation_reason'],
  },
  users: {
    id: ['id', 'session_kept'],
    index: ['email_index'],
    hash: ['password_hash'],
    word: ['role', 'permissions', 'sessions_revocation_reason'],
  },
  workspace_departures: { id: ['user_id', 'workspace_id'] },
  workspace_members: { id: ['user_id', 'workspace_id'], word: ['role'] },
  workspaces: { id: ['id'], name: ['name'] },
};
const plain = Object.entries(PLAIN).flatMap(([table, reasons]) =>
  Object.values(reasons).flatMap((columns) => columns.map((column) => `${table}.${column}`)),
);
const sealed = features.flatMap((feature: Feature) =>
  (feature.sealedFields ?? []).map(({ table, column }) => `${table}.${column}`),
);

describe.each(backends())('the columns of $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('that can hold a text are declared as sealed, or have a reason not to be', async () => {
    const columns = await app.sql(`select c.relname || '.' || a.attname as name
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and (t.typcategory in ('S', 'A', 'I', 'U') and t.typname <> 'uuid')`);
    expect(columns.map(({ name }) => name).toSorted()).toEqual([...plain, ...sealed].toSorted());
  });

  test('that are sealed accept no other text, and their rows were checked', async () => {
    const constraints = await app.sql(`select conname as name from pg_constraint where convalidated and contype = 'c'`);
    const names = constraints.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(sealed.map((name) => `${name.replace('.', '_')}_is_sealed`)));
  });
});
