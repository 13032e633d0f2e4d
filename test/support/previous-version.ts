// The previous version of the service: the last one with another schema, taken from the history of the repository.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const MIGRATIONS = ':(glob)src/*/migrations/*.ts';

export interface PreviousVersion {
  /** The commit. */
  commit: string;
  /** Its `src/server.ts`. It uses the packages that are installed here. */
  server: string;
  remove(): void;
}

/** Null without the history, as in an unpacked archive or a shallow clone. */
export function previousVersion(): PreviousVersion | null {
  const commit = commitBeforeLatestMigration();
  if (commit === null) return null;
  const directory = mkdtempSync(join(tmpdir(), 'rekey-previous-'));
  const archive = git('archive', '--format=tar', commit, '--', 'src', 'schema', 'package.json');
  execFileSync('tar', ['-x', '-C', directory], { input: archive });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return {
    commit,
    server: join(directory, 'src', 'server.ts'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function commitBeforeLatestMigration(): string | null {
  try {
    const uncommitted = git('status', '--porcelain', '--untracked-files=all', '--', MIGRATIONS).toString();
    if (/^(\?\?|A)/m.test(uncommitted)) return 'HEAD';
    // Of a merge, the parent that was on the main branch.
    const log = ['log', '-1', '--first-parent', '-m', '--diff-filter=A', '--format=%H', '--', MIGRATIONS];
    const latest = git(...log)
      .toString()
      .trim();
    return git('rev-parse', '--verify', '--quiet', `${latest}^1`).toString().trim();
  } catch {
    return null;
  }
}

function git(...argv: string[]): Buffer {
  // Only reads, also a repository that belongs to another user.
  return execFileSync('git', ['-c', 'safe.directory=*', ...argv], {
    cwd: ROOT,
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
