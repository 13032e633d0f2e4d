import { LRUCache } from 'lru-cache';
import { createDataKey, type DataKey, makeDataKey, type Place } from '../crypto/data-key.ts';
import type { KeyManagement } from '../crypto/key-management.ts';
import { COUNT, type CountRow, INSERT, LOAD, type LoadRow, REPLACED } from './data-keys.sql.ts';
import type { Sql } from './sql.ts';

/** The tenant of all values that belong to no workspace. */
export const ACCOUNTS = 'accounts';

/** A random IV of 96 bits is safe for 2^32 encryptions with one key (SP 800-38D §8.3). This is half of it. */
const MOST_ENCRYPTIONS = 2 ** 31;
/** How many tenants have their opened keys in memory. */
const MOST_TENANTS = 10_000;
/** If a replica has not looked for new versions for this long, it removes all keys from memory and reads them again. */
const LONGEST_BLINDNESS_MS = 60_000;

export interface DataKeysOptions {
  management: KeyManagement;
  /** Connections for statements outside the transaction of a request. */
  sql: Sql;
  monotonic: () => number;
  /** Encryptions after which a key gets a new version. */
  mostEncryptions?: number;
  mostTenants?: number;
}

/** The opened keys of one tenant, by version. */
interface TenantKeys {
  readonly versions: ReadonlyMap<number, DataKey>;
  /** The newest version; null if not all of them were read. */
  readonly newest: DataKey | null;
}

/**
 * The data keys of the tenants: random keys in the table `data_keys`, wrapped by the master key. Opened keys stay in
 * memory until the tenant is deleted or gets a new version.
 */
export class DataKeys {
  readonly #options: DataKeysOptions;
  readonly #opened: LRUCache<string, TenantKeys>;
  /** The keys of `ACCOUNTS`. Each request needs them, so they stay in memory. */
  #accounts: TenantKeys | null = null;
  /** Encryptions since the last count. */
  #uncounted = new Map<DataKey, number>();
  #lookedAt: number;
  /** How often keys of workspaces were forgotten. A read that began before must not keep what it returns. */
  #forgotten = 0;

  constructor(options: DataKeysOptions) {
    this.#options = options;
    this.#opened = new LRUCache({ max: options.mostTenants ?? MOST_TENANTS });
    this.#lookedAt = options.monotonic();
  }

  /** Reads the keys of the accounts, and makes the first one if there is none. */
  async start(): Promise<void> {
    await this.newest(ACCOUNTS, this.#options.sql);
  }

  /** Reads the keys of the accounts, and makes none. */
  async load(): Promise<void> {
    await this.#read(ACCOUNTS, this.#options.sql);
  }

  /**
   * The key that seals the values of this tenant. A tenant without a key gets one.
   *
   * @param sql in the transaction of the change, so that a key is never stored without its workspace
   */
  async newest(tenant: string, sql: Sql): Promise<DataKey> {
    const known = this.#known(tenant)?.newest ?? (await this.#read(tenant, sql)).newest;
    if (known) return known;
    await this.#make({ tenant, version: 1 }, sql);
    const { newest } = await this.#read(tenant, sql);
    if (!newest) throw new Error(`The data key of ${tenant} was deleted.`);
    return newest;
  }

  /** The key with this version; null if it is not in memory. */
  inMemory(tenant: string, version: number): DataKey | null {
    return this.#known(tenant)?.versions.get(version) ?? null;
  }

  /** The key with this version; null if it does not exist. */
  async find(tenant: string, version: number, sql: Sql): Promise<DataKey | null> {
    return this.inMemory(tenant, version) ?? (await this.#read(tenant, sql)).versions.get(version) ?? null;
  }

  /** The key that this text wraps. The database is not read. */
  async unwrap(tenant: string, version: number, wrapped: string): Promise<DataKey> {
    const known = this.inMemory(tenant, version);
    if (known) return known;
    const since = this.#forgotten;
    const key = await this.#open({ tenant, version }, wrapped);
    const versions = new Map([...(this.#known(tenant)?.versions ?? []), [version, key]]);
    this.#keep(tenant, { versions, newest: null }, since);
    return key;
  }

  /**
   * The key that indexes the values of the accounts. It is always the first version, so a new version needs no new
   * indexes, and the index of an address never changes.
   */
  get accountsIndex(): DataKey {
    const first = this.#accounts?.versions.get(1);
    if (!first) throw new Error('The data key of the accounts is not in memory.');
    return first;
  }

  /** Seals a value, and counts it. */
  seal(key: DataKey, place: Place, plaintext: string | Buffer): string {
    this.#uncounted.set(key, (this.#uncounted.get(key) ?? 0) + 1);
    return key.seal(place, plaintext);
  }

  /** Makes the version after this one, unless it exists. Other replicas use it after their next `refresh`. */
  async replace({ tenant, version }: { tenant: string; version: number }, sql: Sql): Promise<void> {
    await this.#make({ tenant, version: version + 1 }, sql);
    if (tenant === ACCOUNTS) await this.load();
    else this.forget(tenant);
  }

  /** Removes the opened keys of a workspace from memory. */
  forget(workspaceId: string): void {
    this.#forgotten++;
    this.#opened.delete(workspaceId);
  }

  /** Removes the opened keys of all workspaces from memory. */
  forgetWorkspaces(): void {
    this.#forgotten++;
    this.#opened.clear();
  }

  /**
   * Counts the encryptions, replaces each key that has reached the limit, and looks for versions that other replicas
   * have made. Called every few seconds.
   *
   * The count follows the encryptions, and a crash loses those of the last seconds. Half of the allowed number is a
   * reserve for that: 2^31, or 65 536 crashes with 32 768 uncounted encryptions each.
   */
  async refresh(): Promise<void> {
    await this.count();
    const { sql, monotonic } = this.#options;
    const now = monotonic();
    const window = (2 * LONGEST_BLINDNESS_MS) / 1000;
    const replaced = await sql.query<{ tenant: string }>(REPLACED, [window]);
    const wasBlind = now - this.#lookedAt > LONGEST_BLINDNESS_MS;
    this.#lookedAt = now;
    if (wasBlind) this.forgetWorkspaces();
    for (const { tenant } of replaced) this.forget(tenant);
    if (wasBlind || replaced.some(({ tenant }) => tenant === ACCOUNTS)) await this.load();
  }

  /** Adds the encryptions since the last count to the stored ones. If it fails, the next call adds them. */
  async count(): Promise<void> {
    if (this.#uncounted.size === 0) return;
    const { sql, mostEncryptions = MOST_ENCRYPTIONS } = this.#options;
    const used = this.#uncounted;
    this.#uncounted = new Map();
    const keys = [...used.keys()];
    const values = [keys.map(({ tenant }) => tenant), keys.map(({ version }) => version), [...used.values()]];
    const counted = await sql.query<CountRow>(COUNT, values).catch((error) => {
      for (const [key, n] of used) this.#uncounted.set(key, (this.#uncounted.get(key) ?? 0) + n);
      throw error;
    });
    for (const key of counted) if (key.encryptions >= mostEncryptions) await this.replace(key, sql);
  }

  #known(tenant: string): TenantKeys | null {
    return tenant === ACCOUNTS ? this.#accounts : (this.#opened.get(tenant) ?? null);
  }

  /** @param since the value of `#forgotten` when the read began */
  #keep(tenant: string, keys: TenantKeys, since: number): void {
    if (tenant === ACCOUNTS) this.#accounts = keys;
    else if (since === this.#forgotten) this.#opened.set(tenant, keys);
  }

  async #read(tenant: string, sql: Sql): Promise<TenantKeys> {
    const since = this.#forgotten;
    const rows = await sql.query<LoadRow>(LOAD, [tenant]);
    const opened: DataKey[] = [];
    for (const { version, wrapped } of rows) {
      opened.push(this.inMemory(tenant, version) ?? (await this.#open({ tenant, version }, wrapped)));
    }
    const keys = { versions: new Map(opened.map((key) => [key.version, key])), newest: opened.at(-1) ?? null };
    // A rollback removes a key that this transaction has made. No other transaction may seal a value with it.
    if (opened.length > 0 && !rows.some(({ uncommitted }) => uncommitted)) this.#keep(tenant, keys, since);
    return keys;
  }

  async #open(of: { tenant: string; version: number }, wrapped: string): Promise<DataKey> {
    const bytes = await this.#options.management.unwrap(of, wrapped);
    const key = createDataKey(bytes, of);
    bytes.fill(0);
    return key;
  }

  async #make(of: { tenant: string; version: number }, sql: Sql): Promise<void> {
    const bytes = makeDataKey();
    const wrapped = await this.#options.management.wrap(of, bytes);
    bytes.fill(0);
    await sql.query(INSERT, [of.tenant, of.version, of.tenant === ACCOUNTS ? null : of.tenant, wrapped]);
  }
}
