import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseMasterKey } from '../crypto/keyring.ts';
import { ConfigError } from '../kernel/config-error.ts';
import { randomBytes } from '../kernel/random.ts';

const SQLITE_BUSY = 5;

/**
 * Locks the directory of the embedded database for this process. A second process would damage the database.
 *
 * It is a lock of the operating system, which Node offers only through SQLite. It ends with its process, also after a
 * crash. A file with a process id would remain: ids are used again, and every container has its own.
 *
 * @returns a function that releases the directory
 * @throws Error that names the process that holds the directory
 */
export function lockDataDirectory(directory: string): () => void {
  const owner = join(directory, 'owner'); // For the operator: which process holds the lock.
  const lock = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    const who = existsSync(owner) ? `process ${readFileSync(owner, 'utf8')}` : 'another process';
    throw new Error(
      `The embedded database in ${directory} is in use by ${who}. Stop that process, or set DATABASE_URL to use PostgreSQL, which several processes can share.`,
    );
  }
  writeFileSync(owner, String(process.pid), { mode: 0o600 });
  return () => {
    rmSync(owner, { force: true });
    lock.close();
  };
}

/** The path of the embedded database in its directory. */
export const databaseIn = (directory: string) => join(directory, 'database');

/** @throws ConfigError if this directory has no database. Creates nothing. */
export function requireDataDirectory(directory: string): void {
  if (existsSync(databaseIn(directory))) return;
  throw new ConfigError([
    `REKEY_DATA_DIR: ${directory} holds no database. Set it to the directory that the service uses. \`rekey migrate\` and the service create a new one.`,
  ]);
}

/**
 * The master key of an embedded database. It is generated at the first start, and stored next to the database in a file
 * that only its owner can read.
 *
 * @param directory null for a database in memory, whose key ends with the process
 * @throws ConfigError if the key of an existing database is missing or damaged; no other key can decrypt that database
 */
export function embeddedMasterKey(directory: string | null): Buffer {
  if (!directory) return randomBytes(32);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'master.key');
  if (!existsSync(path)) {
    if (existsSync(databaseIn(directory))) {
      throw new ConfigError([
        `REKEY_DATA_DIR: ${directory} holds a database, but ${path}, the master key of that database, is missing. Nothing was written. Restore the file from your backup, or set REKEY_MASTER_KEY to its content. If the key is lost, email addresses and signing keys in the database cannot be decrypted. To start with an empty database, move ${directory} away.`,
      ]);
    }
    makeMasterKey(path);
  }
  const parsed = parseMasterKey(readFileSync(path, 'utf8').trim());
  if ('problem' in parsed) {
    throw new ConfigError([
      `REKEY_DATA_DIR: ${path} does not hold a master key. ${parsed.problem} If the directory holds a database, restore the file from your backup. No other key can decrypt that database.`,
    ]);
  }
  return parsed.key;
}

/** A process that starts at the same time finds a complete key or none, and only one of both keys gets the name. */
function makeMasterKey(path: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
