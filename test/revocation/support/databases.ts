// A migrated database for one test, of both kinds.
import { inject } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { type Database, openDatabase } from '../../../src/database/database.ts';
import { modelOf } from '../../../src/database/orm.ts';
import { features } from '../../../src/features.ts';
import { queryTimeoutMs, removeFormerRegistrations } from '../../../src/revocation/replica.ts';
import { SEALED } from '../../support/constants.ts';
import { embeddedTemplate } from '../../support/embedded-template.ts';
import { silentLogger } from '../../support/loggers.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';

export interface TestDatabase extends Database {
  /** Null for the embedded one. */
  readonly url: string | null;
  /** Runs plain SQL and returns the rows. */
  sql<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** The tags that the work appends to the log. */
  tagsOf(work: () => Promise<unknown>): Promise<string[]>;
}

export async function openTestDatabase(url: string | null, leaseMs = 2000): Promise<TestDatabase> {
  const embedded = url === null ? { embeddedTemplate: await embeddedTemplate() } : {};
  const syncTimeoutMs = queryTimeoutMs(leaseMs);
  const database = await openDatabase({
    url,
    dataDirectory: null,
    syncTimeoutMs,
    logger: silentLogger,
    model: modelOf(features),
    subscribers: [],
    onEmbeddedMigrated: removeFormerRegistrations,
    ...embedded,
  });
  await database.migrate();
  // A test may be slower than a request.
  const slow = url === null ? database.propagation : database.reads;
  const sql = <Row>(text: string, values: unknown[] = []) =>
    slow.query<Row>({ name: `test ${sha256Base64url(text)}`, text }, values);
  const end = async () => (await sql<{ seq: number }>('select seq::float8 as seq from auth_epoch'))[0]!.seq;
  return {
    ...database,
    url,
    sql,
    async tagsOf(work) {
      const before = await end();
      await work();
      const log = await sql<{ tag: string }>('select tag from auth_inval where seq > $1::bigint order by seq', [
        before,
      ]);
      return log.map(({ tag }) => tag);
    },
  };
}

/** The embedded database, and PostgreSQL where it is installed (CI requires it). */
export function backends(): { name: string; open(): Promise<TestDatabase> }[] {
  const server = inject('postgresUrl');
  const embedded = { name: 'the embedded database', open: () => openTestDatabase(null) };
  if (!server) return [embedded];
  const open = async () => openTestDatabase(await migratedDatabase());
  return [embedded, { name: 'PostgreSQL', open }];
}

/** Three users, and one credential of each kind of the first one. */
export const FIXTURES = `
  insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
    select 'usr_' || n, '${SEALED}', convert_to(n, 'UTF8'), '${SEALED}', 'MEMBER', '', now() from unnest(array['one', 'two', 'gone']) as n;
  insert into workspaces (id, name, created_at) select 'wsp_' || n, '', now() from unnest(array['one', 'two', 'three']) as n;
  insert into workspace_members (workspace_id, user_id, role, created_at) values ('wsp_one', 'usr_one', 'OWNER', now());
  insert into jwt_keys (kid, state, public_jwk, private_sealed, created_at) values ('jwk_one', 'CURRENT', '{}', '${SEALED}', now());
  insert into sessions (id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at)
    values ('ses_one', 'usr_one', '{SESSIONS_READ,SESSIONS_WRITE}', now(), now(), now() + interval '1 day', now() + interval '2 days');
  insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at)
    values ('key_one', 'usr_one', 'wsp_one', '', '', 'hash', '{API_KEYS_READ,API_KEYS_WRITE}', '{read,write}', now());
  insert into daemons (id, workspace_id, daemon_id, subject, created_at) values ('dae_one', 'wsp_one', 'd1', 'wsp_one:d1', now()),
    ('dae_two', 'wsp_one', 'd2', 'wsp_one:d2', now()), ('dae_gone', 'wsp_three', 'd3', 'wsp_three:d3', now());
  insert into daemon_tokens (id, registration_id, workspace_id, daemon_id, hint, secret_hash, scopes, permissions, created_at,
      created_by, first_expires_at, expires_at)
    values ('dmn_one', 'dae_one', 'wsp_one', 'd1', '', 'daemon', '{API_KEYS_READ,API_KEYS_WRITE}', '{read,write}', now(),
      'usr_one', now() + interval '1 day', now() + interval '1 day');
  insert into signing_keys (id, workspace_id, description, secret_sealed, scopes, permissions, created_at, created_by, expires_at)
    values ('sgk_one', 'wsp_one', '', '${SEALED.replace(/A$/, 'B')}', '{API_KEYS_READ,API_KEYS_WRITE}', '{read,write}', now(), 'usr_one',
      now() + interval '1 day');
  insert into access_token_revocations (id, jti, session_id, user_id, revoked_at, expires_at, reason)
    values ('atr_one', 'jti_one', 'ses_one', 'usr_one', now(), now(), '')`;

export async function fill({ sql }: TestDatabase): Promise<void> {
  for (const statement of FIXTURES.split(';')) await sql(statement);
}
