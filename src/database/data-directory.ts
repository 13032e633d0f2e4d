import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMasterKey } from '../crypto/keyring.ts';
import { randomBytes } from '../kernel/random.ts';

/**
 * The embedded database belongs to one process: a second one would damage it. Takes the directory for this process,
 * also where a process that is gone has left its lock behind.
 *
 * @returns what gives the directory free again
 * @throws Error naming the process that has it
 */
export function lockDataDirectory(directory: string): () => void {
  const path = join(directory, 'lock');
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
      const owner = Number(readFileSync(path, 'utf8'));
      if (isAlive(owner)) {
        throw new Error(
          `The embedded database in ${directory} is in use by process ${owner}. Stop that process, or set DATABASE_URL to share a PostgreSQL.`,
        );
      }
      rmSync(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The master key of an embedded database: kept beside it, readable by its owner alone, made at the first start.
 *
 * @param directory null for a database in memory, whose key dies with it
 */
export function embeddedMasterKey(directory: string | null): Buffer {
  if (!directory) return randomBytes(32);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'master.key');
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  const parsed = parseMasterKey(readFileSync(path, 'utf8').trim());
  if ('problem' in parsed) throw new Error(`${path} does not hold a master key. ${parsed.problem}`);
  return parsed.key;
}
