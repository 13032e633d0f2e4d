// The structure of src, as src/README.md describes it: which folder may import which, and what is allowed in one place only.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';
import type { Feature } from '../src/feature.ts';
import { features } from '../src/features.ts';

// The folders below the features, from bottom to top. MAY_IMPORT says which others each may import.
const BASE = ['kernel', 'crypto', 'identity', 'redis', 'database', 'revocation', 'credentials', 'audit', 'limits'];
// All others are features. They do not import each other.
const FEATURES = features.map(({ name }): string => name).filter((name) => !BASE.includes(name));
const EDGE = [...BASE, ...FEATURES];

// A folder of src (or a file in its root) and what it may import besides itself.
const MAY_IMPORT: Record<string, string[]> = {
  kernel: [],
  crypto: ['kernel'],
  identity: ['kernel'],
  redis: ['kernel'],
  database: ['kernel', 'crypto', 'identity'],
  revocation: ['kernel', 'crypto', 'identity', 'database'],
  credentials: ['kernel', 'crypto', 'identity', 'redis', 'database', 'revocation'],
  audit: ['kernel', 'crypto', 'identity', 'database', 'revocation'],
  limits: ['kernel', 'identity', 'redis', 'database'],
  ...Object.fromEntries(FEATURES.map((feature) => [feature, BASE])),
  'feature.ts': ['kernel', 'database', 'credentials'],
  'features.ts': EDGE,
  'platform.ts': [...BASE, 'feature.ts'],
  'run-parts.ts': [...BASE, 'platform.ts'],
  'config.ts': ['kernel', 'crypto', 'feature.ts', 'features.ts'],
  graphql: EDGE,
  http: EDGE,
  // A command is an entry point, like the server: it creates an app and uses its services.
  cli: [...EDGE, 'app.ts'],
  client: [],
  'create-features.ts': [...EDGE, 'platform.ts'],
  'create-endpoints.ts': [...EDGE, 'platform.ts', 'create-features.ts', 'graphql', 'http'],
  'app.ts': [
    ...[...EDGE, 'feature.ts', 'features.ts', 'platform.ts', 'run-parts.ts', 'http'],
    ...['create-features.ts', 'create-endpoints.ts'],
  ],
  // A replica in its process: creates an app and listens.
  process: ['kernel', 'http', 'app.ts'],
  'server.ts': ['kernel', 'process'],
};
// What a feature is and what it gets. Every folder of a feature may import both: only types, except `defineFeature`.
const ABOUT_FEATURES = ['feature.ts', 'platform.ts'];
const MAY_IMPORT_CONFIG = ['app.ts', 'create-features.ts', 'create-endpoints.ts', 'server.ts', 'cli'];
const MAY_IMPORT_CONFIG_TYPES = [...MAY_IMPORT_CONFIG, 'platform.ts', 'graphql', 'http', 'process'];

// Writes without ORM events. The eviction subscriber does not see them. Only the trigger of the database does.
const UNSEEN_METHODS = [
  ...['nativeUpdate', 'nativeDelete', 'insert', 'insertMany', 'upsert', 'upsertMany'],
  ...['createQueryBuilder', 'qb', 'getKysely'],
];
// Tables whose rows decide whether a credential is valid and what it may do.
const CREDENTIAL_TABLES = [
  ...['api_keys', 'sessions', 'refresh_tokens', 'jwt_keys', 'access_token_revocations'],
  ...['users', 'workspaces', 'workspace_members', 'daemons', 'daemon_tokens', 'signing_keys'],
  ...['credential_policies', 'former_credential_policies'],
];
// A part of SQL that is known only at run time: an expression, or `??` of MikroORM. It could be any table.
const UNKNOWN = '…';
// The owner of each table: the feature with its entity, or the feature that lists it.
const OWNERS = new Map(
  features.flatMap(({ name, ...feature }: Feature) => [
    ...(feature.tables ?? []).map((table) => [table, name] as const),
    ...(feature.entities ?? []).map(({ meta }) => [meta.tableName, name] as const),
  ]),
);
const TABLE_IN_SQL = new RegExp(
  String.raw`\b(?:from|join|into|update|truncate|references)\s+(?:only\s+)?"?(${[...OWNERS.keys()].join('|')})(?![\w$])`,
  'gi',
);
const ALLOWED_TABLES: { file: string; table: string; reason: string }[] = [
  {
    file: 'canary/canary.statements.ts',
    table: 'api_keys',
    reason: 'revokes its own key by plain SQL: tests the protocol without any event',
  },
  {
    file: 'canary/canary.statements.ts',
    table: 'users',
    reason: 'deletes the owner of its key, which no other feature uses',
  },
  {
    file: 'canary/canary.statements.ts',
    table: 'credential_usage',
    reason: 'deletes the row of last uses of its key, which a trigger has made',
  },
  {
    file: 'canary/canary.statements.ts',
    table: 'auth_replica',
    reason: 'compares its own count of the replicas with the one that the protocol uses',
  },
];
const UNSEEN_STATEMENT = new RegExp(
  String.raw`\b(update|insert\s+into|delete\s+from|merge\s+into|truncate(?:\s+table)?)\s+(?:only\s+)?` +
    String.raw`(?:"?public"?\s*\.\s*)?"?(${CREDENTIAL_TABLES.join('|')}|\?\?|${UNKNOWN})(?![\w$])`,
  'gi',
);
const ALLOWED_UNSEEN_WRITES: { file: string; write: string; reason: string }[] = [
  {
    file: 'sessions/refresh.service.ts',
    write: 'update refresh_tokens',
    reason: 'single use needs one conditional statement, and no cache holds a refresh token',
  },
  {
    file: 'canary/canary.statements.ts',
    write: 'update api_keys',
    reason: 'no event on purpose: tests the protocol without the eviction subscriber',
  },
  {
    file: 'canary/canary.statements.ts',
    write: 'delete from users',
    reason: 'the owner of a finished canary; no other code uses that account',
  },
  {
    file: 'database/sealed-rows.ts',
    write: 'update …',
    reason: 'the same value, sealed again: the triggers append a row where the sealed text decides something',
  },
  {
    file: 'credential-policies/governed-table.sql.ts',
    write: 'update …',
    reason: 'a part of migrations: a column that decides nothing by itself',
  },
  {
    file: 'credential-policies/ended-credentials.ts',
    write: 'delete from former_credential_policies',
    reason: 'a policy that is over and has ended nothing',
  },
  {
    file: 'signing-keys/secret-hashes.ts',
    write: 'update signing_keys',
    reason: 'adds a hash that no request reads to authenticate',
  },
  {
    file: 'api-keys/key-staging.ts',
    write: 'insert into api_keys',
    reason: 'a million new keys: no cache holds them, and a row of the log invalidates rejections of their secrets',
  },
  ...['insert into …', 'truncate …'].map((write) => ({
    file: 'database/move.ts',
    write,
    reason: 'copies all tables to a database that no service uses yet',
  })),
  ...['refresh_tokens', 'sessions', 'access_token_revocations'].map((table) => ({
    file: 'sessions/purge.ts',
    write: `delete from ${table}`,
    reason: 'expired for so long that it is rejected, cached or not',
  })),
];

type Import = { from: string; typeOnly: boolean; area: string | null; path: string };
type Module = {
  file: string;
  area: string;
  imports: Import[];
  uses: string[];
  unseenWrites: Set<string>;
  /** The tables that its SQL names. */
  tables: Set<string>;
  /** What is taken of something, as in `em.x`. */
  members: Set<string>;
};
type Node = { type?: string } & Record<string, unknown>;

function readModule(file: string, source: string): Module {
  const module: Module = {
    file,
    area: areaOf(file),
    imports: [],
    uses: [],
    unseenWrites: new Set(),
    tables: new Set(),
    members: new Set(),
  };
  walk(parseAst(source, { lang: 'ts' }) as unknown as Node, module);
  return module;
}

function areaOf(file: string): string {
  return file.split('/')[0] as string;
}

function walk(node: Node, module: Module): void {
  // biome-ignore lint/suspicious/noExplicitAny: a syntax tree of any shape
  const { type, source, callee, object, property, specifiers, importKind, exportKind } = node as any;
  if (source?.type === 'Literal' && type !== 'ImportAttribute') {
    const kinds = (specifiers ?? []).map((specifier: Node) => specifier.importKind ?? specifier.exportKind);
    const inline = kinds.length > 0 && kinds.every((kind: unknown) => kind === 'type');
    const typeOnly = inline || [importKind, exportKind].includes('type') || type === 'TSImportType';
    const from: string = source.value;
    const path = from.startsWith('.') ? normalize(join(dirname(module.file), from)).replaceAll(sep, '/') : from;
    module.imports.push({ from, typeOnly, path, area: from.startsWith('.') ? areaOf(path) : null });
  }
  if (type === 'MemberExpression') {
    const name = `${object.name}.${property.name ?? property.value}`;
    if (['process.env', 'Date.now', 'Math.random'].includes(name)) module.uses.push(name);
  }
  if (type === 'VariableDeclarator' && (node.init as Node | null)?.name === 'process') module.uses.push('process.env');
  if (type === 'NewExpression' && callee.name === 'Date' && (node.arguments as Node[]).length === 0) {
    module.uses.push('new Date()');
  }
  if (type === 'CallExpression' && callee.name === 'Date') module.uses.push('Date()');
  for (const name of membersOf(node)) {
    module.members.add(name);
    if (UNSEEN_METHODS.includes(name)) module.unseenWrites.add(name);
  }
  for (const [, verb, table] of textOf(node).matchAll(UNSEEN_STATEMENT)) {
    module.unseenWrites.add(`${verb} ${table}`.toLowerCase().replace(/\s+/g, ' '));
  }
  for (const [, table] of textOf(node).matchAll(TABLE_IN_SQL)) module.tables.add(table!.toLowerCase());
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object') walk(child as Node, module);
    }
  }
}

/** The members that are read here, called or not: `em.x`, `em['x']` or `{ x } = em`. */
function membersOf({ type, computed, property, properties }: Node): string[] {
  const nameOf = (member: unknown, isComputed: unknown): string => {
    const { type, name } = member as { type: string; name: string };
    return type === 'Identifier' && !isComputed ? name : textOf(member);
  };
  if (type === 'MemberExpression') return [nameOf(property, computed)];
  if (type !== 'ObjectPattern') return [];
  return (properties as Node[]).flatMap((each) => (each.key ? [nameOf(each.key, each.computed)] : []));
}

/** The text of a string here, with a mark for each part that is known only at run time. */
function textOf(node: unknown): string {
  const { type, value, quasis, expressions, operator, left, right } = node as Record<string, unknown>;
  if (type === 'Literal' && typeof value === 'string') return value;
  if (type === 'BinaryExpression' && operator === '+') return textOf(left) + textOf(right);
  if (type !== 'TemplateLiteral') return UNKNOWN;
  const parts = (quasis as { value: { cooked: string } }[]).map((quasi) => quasi.value.cooked);
  return parts.map((part, i) => (i === 0 ? part : textOf((expressions as unknown[])[i - 1]) + part)).join('');
}

/** The offending imports of one module, as readable messages. */
function importing(module: Module, offends: (imported: Import) => boolean | undefined): string[] {
  return module.imports.filter(offends).map(({ from }) => `src/${module.file} imports ${from}`);
}

function using(module: Module, names: string[]): string[] {
  return module.uses.filter((name) => names.includes(name)).map((name) => `src/${module.file} uses ${name}`);
}

type Rule = { promise: string; offences: (module: Module) => string[]; offenders: [file: string, source: string][] };

const RULES: Rule[] = [
  {
    promise: 'every file in src belongs to a folder in the import order',
    offences: ({ file, area }) => (area in MAY_IMPORT ? [] : [`src/${file} is not in the import order: add it here`]),
    offenders: [['helpers/misc.ts', '']],
  },
  {
    promise: 'imports point downwards only, and features import nothing of each other but SQL fragments',
    offences: (module) =>
      importing(module, ({ area, path, typeOnly }) => {
        if (area === null || area === '..' || area === module.area || area === 'config.ts') return false;
        if (FEATURES.includes(module.area) && FEATURES.includes(area) && path.endsWith('.sql.ts')) return false;
        if ([...EDGE, 'http'].includes(module.area) && ABOUT_FEATURES.includes(area))
          return area === 'platform.ts' && !typeOnly;
        return !MAY_IMPORT[module.area]?.includes(area);
      }),
    offenders: [
      ['kernel/clock.ts', `import { hash } from '../crypto/hash.ts';`],
      ['api-keys/api-key.service.ts', `import type { Session } from '../sessions/session.entity.ts';`],
      ['credentials/snapshot.ts', `import { usersAs } from '../accounts/user.sql.ts';`],
      ['sessions/create-sessions.ts', `import { createPlatform } from '../platform.ts';`],
      ['database/database.ts', `import { ApiKeySchema } from '../api-keys/api-key.entity.ts';`],
      ['credentials/gate.ts', `type Key = import('../api-keys/api-key.entity.ts').ApiKey;`],
      ['database/database.ts', `import { queryTimeoutMs } from '../revocation/replica.ts';`],
      ['limits/limits.ts', `export * from '../credentials/authenticator.ts';`],
      ['graphql/yoga.ts', `const { createApp } = await import('../app.ts');`],
    ],
  },
  {
    promise: 'nothing in src imports from outside src, except the manifest',
    offences: (module) => importing(module, ({ area, path }) => area === '..' && path !== '../package.json'),
    offenders: [['kernel/clock.ts', `import { clock } from '../../test/support/clock.ts';`]],
  },
  {
    promise: 'the client imports nothing from the service',
    offences: (module) =>
      importing(module, ({ area }) => module.area === 'client' && area !== null && area !== 'client'),
    offenders: [['client/signer.ts', `import type { Clock } from '../kernel/clock.ts';`]],
  },
  {
    promise: 'configuration is imported as a type by graphql and http, as a value by app, server and cli',
    offences: (module) =>
      importing(module, ({ area, typeOnly }) => {
        if (area !== 'config.ts' || module.area === 'config.ts') return false;
        return !(typeOnly ? MAY_IMPORT_CONFIG_TYPES : MAY_IMPORT_CONFIG).includes(module.area);
      }),
    offenders: [
      ['http/readiness.ts', `import { type Config, loadConfig } from '../config.ts';`],
      ['accounts/account.service.ts', `import type { Config } from '../config.ts';`],
    ],
  },
  {
    promise: 'generated types are imported in src/graphql only, those of the client in src/client only',
    offences: (module) =>
      importing(module, ({ path }) => /^\w+\/generated\//.test(path) && areaOf(path) !== module.area),
    offenders: [['api-keys/api-key.service.ts', `import type { ApiKey } from '../graphql/generated/types.ts';`]],
  },
  {
    promise: 'keyv is imported in credentials/cache only',
    offences: (module) =>
      importing(module, ({ from }) => /^@?keyv(\/|$)/.test(from) && !module.file.startsWith('credentials/cache/')),
    offenders: [
      ['app.ts', `import KeyvRedis from '@keyv/redis';`],
      ['credentials/authenticator.ts', `import { Keyv } from 'keyv';`],
    ],
  },
  {
    promise: 'the environment is read in config.ts only',
    offences: (module) => {
      if (module.file === 'config.ts') return [];
      return [...using(module, ['process.env']), ...importing(module, ({ from }) => /^(node:)?process$/.test(from))];
    },
    offenders: [
      ['cli/main.ts', `const url = process.env['DATABASE_URL'];`],
      ['app.ts', `const { env } = process;`],
      ['app.ts', `import { env } from 'node:process';`],
    ],
  },
  {
    promise: 'time and randomness come from the kernel only, so that a test can control them',
    offences: (module) =>
      ['kernel', 'client'].includes(module.area)
        ? []
        : using(module, ['Date.now', 'new Date()', 'Date()', 'Math.random']),
    offenders: [
      ['sessions/session.entity.ts', 'const revokedAt = new Date();'],
      ['credentials/authenticator.ts', 'const options = { now: Date.now };'],
      ['limits/limits.ts', 'const jitter = Math.random() * 10;'],
    ],
  },
  {
    promise: 'SQL names only tables of its own feature, and uses fragments for tables of others',
    offences: ({ file, area, tables }) =>
      file.includes('/migrations/')
        ? []
        : [...tables]
            .filter((table) => OWNERS.get(table) !== area)
            .filter((table) => !ALLOWED_TABLES.some((known) => known.file === file && known.table === table))
            .map((table) => `src/${file} names the table ${table} of ${OWNERS.get(table)}`),
    offenders: [
      ['api-keys/api-key.credential.ts', `const LOAD = { text: 'select 1 from api_keys k join users u on true' };`],
      ['graphql/loaders.ts', `em.execute(\`select * from credential_usage where id in (\${ids})\`);`],
      ['database/database.ts', `sql.query({ name: 'x', text: 'update auth_primary set identity = 1' });`],
      ['canary/canary.statements.ts', `const PURGE = { text: 'delete from sessions' };`],
    ],
  },
  {
    promise: 'resolvers use no EntityManager and no limits: queries and services do',
    offences: ({ file, imports, members }) => {
      if (!file.startsWith('graphql/resolvers/')) return [];
      const orm = imports.filter(({ from }) => from.startsWith('@mikro-orm/')).map(({ from }) => `imports ${from}`);
      const used = ['em', 'limits'].filter((name) => members.has(name)).map((name) => `uses ${name}`);
      return [...orm, ...used].map((offence) => `src/${file} ${offence}`);
    },
    offenders: [
      ['graphql/resolvers/Query/apiKey.ts', 'export const apiKey = (_p, { id }, { em }) => find(em(), id);'],
      ['graphql/resolvers/Query/apiKey.ts', 'export const apiKey = (_p, { id }, context) => find(context.em(), id);'],
      ['graphql/resolvers/Query/users.ts', `import type { FilterQuery } from '@mikro-orm/core';`],
      ['graphql/resolvers/Mutation/login.ts', 'await context.services.limits.checkLogin(email);'],
    ],
  },
  {
    promise: 'every write without ORM events is on the list with a reason',
    offences: ({ file, unseenWrites }) =>
      file.includes('/migrations/')
        ? []
        : [...unseenWrites]
            .filter((write) => !ALLOWED_UNSEEN_WRITES.some((known) => known.file === file && known.write === write))
            .map((write) => `src/${file} writes without ORM events: ${write}`),
    offenders: [
      ['sessions/session.service.ts', 'await unitOfWork.em.nativeUpdate(Session, {}, { revokedAt });'],
      ['audit/audit.ts', 'await em?.upsert(AuditEvent, {});'],
      ['accounts/account.service.ts', `await em['nativeUpdate'](User, { id }, { role });`],
      ['accounts/account.service.ts', 'await em?.[`nativeDelete`](User, { id });'],
      ['accounts/account.service.ts', 'const { nativeDelete: remove, ...rest } = em;'],
      ['accounts/account.service.ts', 'const write = em.insert.bind(em);'],
      ['api-keys/api-key.service.ts', 'await em.insertMany(ApiKey, keys);'],
      ['api-keys/api-key.service.ts', 'await em.createQueryBuilder(ApiKey).update({ revokedAt }).execute();'],
      ['api-keys/api-key.service.ts', `await em.execute('update api_keys set revoked_at = null where id = ?', [id]);`],
      ['credentials/last-used.ts', `const NOTE = { name: 'x', text: 'UPDATE ONLY "users" SET role = $1' };`],
      [
        'sessions/session.service.ts',
        'sql.query({ text: `with gone as (\n  delete\n  from public.sessions) select 1` });',
      ],
      ['sessions/jwt-keys.ts', `await em.execute('insert into ' + 'jwt_keys' + ' values (?)', [kid]);`],
      ['workspaces/workspace.service.ts', `await em.execute(\`delete from workspace_members where id in (\${ids})\`);`],
      ['workspaces/workspace.service.ts', `await em.execute('truncate workspaces');`],
      ['database/database.ts', `await em.execute(\`update \${table} set version = 0\`);`],
      ['database/database.ts', `await em.execute('delete from ?? where id = ?', ['users', id]);`],
      ['sessions/refresh.service.ts', `await em.execute('delete from refresh_tokens where id = ?', [id]);`],
      [
        'sessions/session.service.ts',
        `await em.execute('update refresh_tokens set used_at = ? where id = ?', [now, id]);`,
      ],
    ],
  },
];

const root = join(import.meta.dirname, '..', 'src');
const modules = globSync('**/*.ts', { cwd: root })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => !/^(graphql|client)\/generated\//.test(file))
  .toSorted()
  .map((file) => readModule(file, readFileSync(join(root, file), 'utf8')));

describe.each(RULES)('$promise', ({ offences, offenders }) => {
  test('holds in src', () => {
    expect(modules.flatMap(offences)).toEqual([]);
  });

  test.each(offenders)('and a violation in %s is reported: %s', (file, source) => {
    expect(offences(readModule(file, source))).toHaveLength(1);
  });
});

test('allowed imports are not reported', () => {
  const source = `import { Keyv } from 'keyv'; import { readFile } from 'node:fs'; import type { Gate } from './gate.ts';
    import { hash } from '../../crypto/hash.ts'; import manifest from '../../../package.json' with { type: 'json' };
    const later = new Date(clock.now() + 1); process.exit();`;
  expect(RULES.flatMap(({ offences }) => offences(readModule('credentials/cache/auth-cache.ts', source)))).toEqual([]);
  const types = `import type { Config } from '../config.ts'; import type { Key } from '../credentials/authenticator.ts';`;
  expect(RULES.flatMap(({ offences }) => offences(readModule('http/verify.ts', types)))).toEqual([]);
});

test('a feature may import the SQL fragments of another feature', () => {
  const source = `import { usersAs } from '../accounts/user.sql.ts'; em.execute(\`select 1 from \${usersAs('u')}\`);`;
  expect(RULES.flatMap(({ offences }) => offences(readModule('sessions/session.service.ts', source)))).toEqual([]);
});

test('reads, locks and writes to tables without credentials are not unseen writes', () => {
  const source = `em.execute('select id from users where id = ? for update'); em.persist(user); em.remove(key);
    em.execute('insert into setup_token (token_hash) values (?) on conflict (one) do update set token_hash = ?');
    em.execute(\`update auth_replica set lease_ms = \${leaseMs}\`); em.execute('delete from users_of_old');
    const options = { upsert: false }; this.#insert(options); const message = 'insert into the ' + 'users';`;
  expect([...readModule('accounts/account.service.ts', source).unseenWrites]).toEqual([]);
});

test('the tables of credentials exist in the migrations', () => {
  const files = globSync('*/migrations/*.ts', { cwd: root });
  const migrations = files.map((file) => readFileSync(join(root, file), 'utf8')).join();
  for (const table of CREDENTIAL_TABLES) expect(migrations).toContain(`create table ${table} (`);
});

test('every table of the migrations has one owner', () => {
  const files = globSync('*/migrations/*.ts', { cwd: root });
  const created = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/create (?:unlogged )?table (\w+) \(/g)].map(
      ([, name]) => name!,
    ),
  );
  expect(created.length).toBeGreaterThan(15);
  expect([...OWNERS.keys()].filter((table) => table !== 'rekey_migrations').toSorted()).toEqual(created.toSorted());
});

test('each entry of the list of tables of other features still exists and has a reason', () => {
  for (const { file, table, reason } of ALLOWED_TABLES) {
    expect([...(modules.find((module) => module.file === file)?.tables ?? [])], `src/${file}`).toContain(table);
    expect(reason).not.toBe('');
  }
});

test('each entry of the list of unseen writes still exists and has a reason', () => {
  for (const { file, write, reason } of ALLOWED_UNSEEN_WRITES) {
    expect([...(modules.find((module) => module.file === file)?.unseenWrites ?? [])], `src/${file}`).toContain(write);
    expect(reason).not.toBe('');
  }
});
