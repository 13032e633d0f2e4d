// The shape of src, as README draws it, checked: who may import whom, and what happens in one place only.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';

const MODULES = ['accounts', 'sessions', 'api-keys', 'workspaces', 'daemon-tokens', 'signing-keys'];
const BASE = ['kernel', 'crypto', 'access', 'revocation', 'auth-cache', 'audit'];
const EDGE = [...BASE, ...MODULES, 'auth', 'database', 'limits', 'coalescing'];

// A folder of src (or a file in its root) and what it may import besides itself.
const MAY_IMPORT: Record<string, string[]> = {
  ...Object.fromEntries(MODULES.map((module) => [module, BASE])),
  kernel: [],
  crypto: ['kernel'],
  access: ['kernel'],
  revocation: ['kernel', 'crypto', 'access'],
  'auth-cache': ['kernel', 'crypto', 'access', 'revocation'],
  audit: ['kernel', 'crypto', 'access', 'revocation', 'auth-cache'],
  limits: ['kernel', 'access'],
  coalescing: ['kernel', 'access'],
  database: [...BASE, ...MODULES],
  auth: [...BASE, ...MODULES, 'database'],
  graphql: EDGE,
  http: EDGE,
  // A command is an entry of its own, like the server: it has an app made, and uses its services.
  cli: [...BASE, ...MODULES, 'auth', 'database', 'app.ts'],
  client: [],
  'config.ts': ['kernel', 'crypto'],
  'app.ts': [...EDGE, 'graphql', 'http'],
  'server.ts': [...EDGE, 'graphql', 'http', 'app.ts'],
};
const MAY_IMPORT_CONFIG = ['app.ts', 'server.ts', 'cli'];
const MAY_IMPORT_CONFIG_TYPES = [...MAY_IMPORT_CONFIG, 'auth', 'database', 'graphql', 'http'];

// Writes that no ORM event announces: the eviction subscriber never sees them, only the database's trigger does.
const UNSEEN_WRITES = ['nativeUpdate', 'nativeDelete', 'createQueryBuilder', 'upsert', 'upsertMany'];
const ALLOWED_UNSEEN_WRITES: { file: string; call: string; reason: string }[] = [];

type Import = { from: string; typeOnly: boolean; area: string | null; path: string };
type Module = { file: string; area: string; imports: Import[]; uses: string[]; calls: string[] };
type Node = { type?: string } & Record<string, unknown>;

function readModule(file: string, source: string): Module {
  const module: Module = { file, area: areaOf(file), imports: [], uses: [], calls: [] };
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
  if (type === 'CallExpression' && callee.property?.name) module.calls.push(callee.property.name);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object') walk(child as Node, module);
    }
  }
}

/** The offending imports of one module, as a person wants to read them. */
function importing(module: Module, offends: (imported: Import) => boolean | undefined): string[] {
  return module.imports.filter(offends).map(({ from }) => `src/${module.file} imports ${from}`);
}

function using(module: Module, names: string[]): string[] {
  return module.uses.filter((name) => names.includes(name)).map((name) => `src/${module.file} uses ${name}`);
}

type Rule = { promise: string; offences: (module: Module) => string[]; offenders: [file: string, source: string][] };

const RULES: Rule[] = [
  {
    promise: 'every file in src belongs to a folder that has a place in the import order',
    offences: ({ file, area }) => (area in MAY_IMPORT ? [] : [`src/${file} has no place yet: give it one here`]),
    offenders: [['helpers/misc.ts', '']],
  },
  {
    promise: 'imports point downwards only, and modules do not import each other',
    offences: (module) =>
      importing(module, ({ area }) => {
        if (area === null || area === '..' || area === module.area || area === 'config.ts') return false;
        return !MAY_IMPORT[module.area]?.includes(area);
      }),
    offenders: [
      ['kernel/clock.ts', `import { hash } from '../crypto/hash.ts';`],
      ['api-keys/api-key.service.ts', `import type { Session } from '../sessions/session.entity.ts';`],
      ['auth-cache/gate.ts', `type Key = import('../api-keys/api-key.entity.ts').ApiKey;`],
      ['limits/limits.ts', `export * from '../auth/authenticate.ts';`],
      ['graphql/yoga.ts', `const { createApp } = await import('../app.ts');`],
    ],
  },
  {
    promise: 'nothing in src imports from outside src, the manifest aside',
    offences: (module) => importing(module, ({ area, path }) => area === '..' && path !== '../package.json'),
    offenders: [['kernel/clock.ts', `import { clock } from '../../test/support/clock.ts';`]],
  },
  {
    promise: 'the client imports nothing of the service',
    offences: (module) =>
      importing(module, ({ area }) => module.area === 'client' && area !== null && area !== 'client'),
    offenders: [['client/signer.ts', `import type { Clock } from '../kernel/clock.ts';`]],
  },
  {
    promise: 'configuration is imported as a type from auth and database upwards, as a value by app, server and cli',
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
    promise: 'generated types are seen in src/graphql only, the client’s in src/client only',
    offences: (module) =>
      importing(module, ({ path }) => /^\w+\/generated\//.test(path) && areaOf(path) !== module.area),
    offenders: [['api-keys/api-key.service.ts', `import type { ApiKey } from '../graphql/generated/types.ts';`]],
  },
  {
    promise: 'keyv is known to auth-cache and limits only',
    offences: (module) =>
      importing(module, ({ from }) => /^@?keyv(\/|$)/.test(from) && !['auth-cache', 'limits'].includes(module.area)),
    offenders: [
      ['app.ts', `import KeyvRedis from '@keyv/redis';`],
      ['auth/authenticate.ts', `import { Keyv } from 'keyv';`],
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
    promise: 'time and chance come from the kernel only, where a test can hold them',
    offences: (module) =>
      ['kernel', 'client'].includes(module.area)
        ? []
        : using(module, ['Date.now', 'new Date()', 'Date()', 'Math.random']),
    offenders: [
      ['sessions/session.entity.ts', 'const revokedAt = new Date();'],
      ['auth/authenticate.ts', 'const options = { now: Date.now };'],
      ['limits/limits.ts', 'const jitter = Math.random() * 10;'],
    ],
  },
  {
    promise: 'a write that ORM events never see is on the list, with its reason',
    offences: ({ file, calls }) =>
      calls
        .filter((call) => UNSEEN_WRITES.includes(call))
        .filter((call) => !ALLOWED_UNSEEN_WRITES.some((allowed) => allowed.file === file && allowed.call === call))
        .map((call) => `src/${file} calls ${call}`),
    offenders: [
      ['sessions/session.service.ts', 'await unitOfWork.em.nativeUpdate(Session, {}, { revokedAt });'],
      ['audit/audit.ts', 'await em?.upsert(AuditEvent, {});'],
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
  test('src keeps it', () => {
    expect(modules.flatMap(offences)).toEqual([]);
  });

  test.each(offenders)('and a breach in %s would be seen: %s', (file, source) => {
    expect(offences(readModule(file, source))).toHaveLength(1);
  });
});

test('what the order allows is not reported', () => {
  const source = `import { Keyv } from 'keyv'; import { readFile } from 'node:fs'; import type { Gate } from './gate.ts';
    import { hash } from '../crypto/hash.ts'; import manifest from '../../package.json' with { type: 'json' };
    const later = new Date(clock.now() + 1); process.exit();`;
  expect(RULES.flatMap(({ offences }) => offences(readModule('auth-cache/auth-cache.ts', source)))).toEqual([]);
  const types = `import type { Config } from '../config.ts'; import type { Key } from '../auth/authenticate.ts';`;
  expect(RULES.flatMap(({ offences }) => offences(readModule('http/verify.ts', types)))).toEqual([]);
});

test('the list of unseen writes names calls that are there, and says why', () => {
  for (const { file, call, reason } of ALLOWED_UNSEEN_WRITES) {
    expect(modules.find((module) => module.file === file)?.calls, `src/${file}`).toContain(call);
    expect(reason).not.toBe('');
  }
});
