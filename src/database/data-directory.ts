import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseMasterKey } from '../crypto/keyring.ts';
import { ConfigError } from '../kernel/config-error.ts';
import { randomBytes } from '../kernel/random.ts';

const SQLITE_BUSY = 5;

/**
 * The embedded database belongs to one process: a second one would damage it. Takes the directory for this process.
 *
 * The lock is the operating system's, by way of SQLite, for Node has no other way to it: it ends with its process,
 * however that ends. A file with a process id in it would not: ids are used again, and every container has its own.
 *
 * @returns what gives the directory free again
 * @throws Error naming the process that has it
 */
export function lockDataDirectory(directory: string): () => void {
  const owner = join(directory, 'owner'); // For people alone: whom to ask.
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

/** Where the embedded database lives in its directory. */
export const databaseIn = (directory: string) => join(directory, 'database');

/** @throws ConfigError where there is no database in this directory. Makes nothing. */
export function requireDataDirectory(directory: string): void {
  if (existsSync(databaseIn(directory))) return;
  throw new ConfigError([
    `REKEY_DATA_DIR: ${directory} holds no database. Set it to the directory that the service uses, or start the service first.`,
  ]);
}

/**
 * The master key of an embedded database: kept beside it, readable by its owner alone, made at the first start.
 *
 * @param directory null for a database in memory, whose key dies with it
 * @throws ConfigError where the key of a database that exists is missing or damaged; no other key opens that database
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

/** Whoever starts at the same moment finds a whole key or none, and only one of the two keys gets the name. */
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
