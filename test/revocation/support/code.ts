// The code under test, or a copy of it with one deliberate mistake.
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSharedCacheMetrics } from '../../../src/credentials/metrics.ts';
import { createKeyring } from '../../../src/crypto/keyring.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { createRevocationMetrics } from '../../../src/revocation/metrics.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const FOLDERS = ['kernel', 'crypto', 'identity', 'database', 'redis', 'revocation', 'credentials'];

export interface Edit {
  /** Below src. */
  file: string;
  /** Must occur exactly once, so that an edit that no longer matches is an error. */
  find: string;
  replace: string;
}

// Two numbers differ from production. A cache allocates its memory when it is created, and a run creates many caches. A run
// invalidates only a few subjects, so a memory for many would never forget one.
const SMALLER: Edit[] = [
  { file: 'credentials/cache/auth-cache.ts', find: 'REFUSALS = 10_000;', replace: 'REFUSALS = 100;' },
  {
    file: 'revocation/invalidation-memory.ts',
    find: 'MOST_REMEMBERED = 200_000;',
    replace: 'MOST_REMEMBERED = 6;',
  },
];

export type Code = Awaited<ReturnType<typeof loadCode>>;

async function loadCode(directory: string) {
  const load = <Module>(path: string) => import(pathToFileURL(join(directory, path)).href) as Promise<Module>;
  const [replica, barrier, feed, authCache, sharedCache, snapshot] = await Promise.all([
    load<typeof import('../../../src/revocation/replica.ts')>('revocation/replica.ts'),
    load<typeof import('../../../src/revocation/propagation-barrier.ts')>('revocation/propagation-barrier.ts'),
    load<typeof import('../../../src/revocation/feed.ts')>('revocation/feed.ts'),
    load<typeof import('../../../src/credentials/cache/auth-cache.ts')>('credentials/cache/auth-cache.ts'),
    load<typeof import('../../../src/credentials/cache/shared-cache.ts')>('credentials/cache/shared-cache.ts'),
    load<typeof import('../../../src/credentials/snapshot.ts')>('credentials/snapshot.ts'),
  ]);
  return {
    ...replica,
    ...barrier,
    ...feed,
    ...authCache,
    ...sharedCache,
    ...snapshot,
    // Created once: they hold no state that matters, and are slow to create.
    revocationMetrics: createRevocationMetrics(),
    sharedCacheMetrics: createSharedCacheMetrics(),
    logger: createLogger({ level: 'silent' }),
    keyring: createKeyring(randomBytes(32)),
  };
}

/** Loads the code with these edits, and deletes the copy after use. */
export async function withEdits<T>(edits: readonly Edit[], use: (code: Code) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-variant-'));
  try {
    for (const folder of FOLDERS) cpSync(join(root, 'src', folder), join(directory, folder), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction');
    for (const { file, find, replace } of [...SMALLER, ...edits]) {
      const source = readFileSync(join(directory, file), 'utf8');
      const count = source.split(find).length - 1;
      if (count !== 1) throw new Error(`src/${file} has this ${count} times, not once: ${find}`);
      writeFileSync(
        join(directory, file),
        source.replace(find, () => replace),
      );
    }
    return await use(await loadCode(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
