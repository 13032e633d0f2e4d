import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import type { TestCase } from 'vitest/node';
import { filesOf, PROJECTS, type ProjectName, replacesModules } from './support/projects.ts';

const root = join(import.meta.dirname, '..');

/** The files share the modules of their worker, because loading them takes longer than most files, or they do not. */
const project = (name: ProjectName, isolate: boolean) => ({
  extends: true as const,
  test: {
    name: isolate ? `${name}-isolated` : name,
    root,
    include: filesOf(name).filter((file) => replacesModules(file) === isolate),
    isolate,
    // Many tests wait for a database or a lease, so two cores are busy with three workers. A story has servers and
    // replicas of its own, which must renew their leases: two stories at once, after all other tests.
    maxWorkers: name === 'stories' ? 2 : 3,
    sequence: { groupOrder: name === 'stories' ? 1 : 0 },
    // An embedded database runs a few thousand statements, which is not worth optimised code. More garbage dies young.
    execArgv: name === 'fast' ? [] : ['--liftoff-only', '--max-semi-space-size=64'],
    globalSetup: name === 'fast' ? [] : ['test/support/global-setup.ts'],
  },
});

/** Names each test that did not pass at its first run, and says why. */
function reportRetry(test: TestCase): void {
  if (!test.diagnostic()?.flaky) return;
  const reasons = test.result().errors?.map(({ message, stacks, diff = '' }) => {
    const [at] = stacks ?? [];
    return `  ${message}${at ? ` (${relative(root, at.file)}:${at.line})` : ''}\n${diff}\n`;
  });
  process.stdout.write(`RETRIED: ${test.module.relativeModuleId} > ${test.fullName}\n${reasons?.join('') ?? ''}`);
}

export default defineConfig({
  test: {
    root,
    projects: PROJECTS.flatMap((name) => [project(name, false), project(name, true)]).filter(
      (each) => each.test.include.length > 0,
    ),
    // CI runs a failed test twice more, and names it in its report: a replica on a busy machine may lose its lease, and a
    // request waits for a held lock for two seconds only. Each such test needs a look all the same.
    retry: process.env.CI ? 2 : 0,
    reporters: ['default', { onTestCaseResult: reportRetry }],
    // Time for a loaded machine. No test asserts how long something takes.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // Node itself loads the files and strips their types, as in production.
    experimental: { viteModuleRunner: false },
  },
});
