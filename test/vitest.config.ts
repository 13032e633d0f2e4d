import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { filesOf, PROJECTS, type ProjectName } from './support/projects.ts';

const root = join(import.meta.dirname, '..');

const project = (name: ProjectName) => ({
  extends: true as const,
  test: {
    name,
    root,
    include: filesOf(name),
    // An embedded database runs a few thousand statements, which is not worth optimised code. More garbage dies young.
    execArgv: name === 'fast' ? [] : ['--liftoff-only', '--max-semi-space-size=64'],
    // Files that only start apps share the modules of their worker: loading them takes longer than most files.
    isolate: name !== 'service',
    globalSetup: name === 'fast' ? [] : ['test/support/global-setup.ts'],
  },
});

export default defineConfig({
  test: {
    root,
    projects: PROJECTS.map(project),
    // Most tests wait for a database or a lease, so two cores are busy with three workers.
    maxWorkers: 3,
    // Time for a loaded machine. No test asserts how long something takes.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
    // Node itself loads the files and strips their types, as in production.
    experimental: { viteModuleRunner: false },
  },
});
