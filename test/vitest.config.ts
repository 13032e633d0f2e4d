import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { filesOf, PROJECTS, type ProjectName } from './support/projects.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const project = (name: ProjectName) => ({
  extends: true as const,
  test: {
    name,
    root,
    include: filesOf(name),
    globalSetup: name === 'fast' ? [] : ['test/support/global-setup.ts'],
  },
});

export default defineConfig({
  test: {
    root,
    projects: PROJECTS.map(project),
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Node itself loads and strips the types, as in production.
    experimental: { viteModuleRunner: false },
  },
});
