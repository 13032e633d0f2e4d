import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filesOf, PROJECTS, projectOf, type Read, replacesModules } from './projects.ts';

/** Files that exist only here. The dynamic import is split, so that this file does not count as one that has it. */
const reading =
  (files: Record<string, string>): Read =>
  (file) =>
    files[file] ?? null;

describe('a test file is not in the project `fast` if it', () => {
  test.each([
    ['starts an app', `import { createApp } from '../../src/app.ts';`],
    ['starts an app that it imports dynamically', `const { createApp } = await import${`('../../src/app.ts')`};`],
    ['starts the server', `import '../../src/server.ts';`],
    ['opens a database', `import {\n  type Database,\n  openDatabase,\n} from '../../src/database/database.ts';`],
    ['opens the embedded database directly', `import { PGlite } from '@electric-sql/pglite';`],
    ['opens the embedded database through the ORM', `const { MikroORM } = await import${`('@mikro-orm/pglite')`};`],
    ['connects to PostgreSQL', `import pg from 'pg';`],
    ['connects to Redis', `import { createClient } from '@redis/client';`],
    ['starts a process', `import { spawnSync } from 'node:child_process';`],
    ['uses what global-setup.ts provides', `import { expect, inject, test } from 'vitest';`],
  ])('%s', (_, source) => {
    const file = 'test/kernel/new.test.ts';
    expect(projectOf(file, reading({ [file]: source })).project).toBe('service');
  });

  test('imports another file that does so', () => {
    const read = reading({
      'test/kernel/new.test.ts': `import { start } from './helper.ts';`,
      'test/kernel/helper.ts': `export * from '../support/deeper.ts';`,
      'test/support/deeper.ts': `import { createApp } from '../../src/app.ts';`,
    });
    expect(projectOf('test/kernel/new.test.ts', read)).toEqual({
      project: 'service',
      because: 'test/support/deeper.ts imports src/app.ts',
    });
  });
});

test.each([
  [
    'only types',
    `import type { App } from '../../src/app.ts';\nimport { type Config, type Other } from '../../src/app.ts';`,
  ],
  [
    'only fast code under test',
    `import { systemClock } from '../../src/kernel/clock.ts';\nimport { vi } from 'vitest';`,
  ],
])('a test file that imports %s is in `fast`', (_, source) => {
  const file = 'test/kernel/new.test.ts';
  expect(projectOf(file, reading({ [file]: source }))).toEqual({ project: 'fast', because: null });
});

test.each(['vi.mock', 'vi.doMock'])('a test file that calls %s needs modules of its own', (call) => {
  const file = 'test/kernel/new.test.ts';
  expect(replacesModules(file, reading({ [file]: `${call}('../../src/kernel/clock.ts');` }))).toBe(true);
  expect(replacesModules(file, reading({ [file]: `vi.spyOn(clock, 'now');` }))).toBe(false);
});

test('every test file of the repository is in one project', () => {
  const files = globSync('test/**/*.test.ts', { cwd: new URL('../..', import.meta.url) });
  expect(PROJECTS.flatMap(filesOf).toSorted()).toEqual(files.toSorted());
  for (const name of PROJECTS) expect(filesOf(name)).not.toEqual([]);
});
