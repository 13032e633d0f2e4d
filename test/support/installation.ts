// A whole installation on its own servers: several replicas, users, credentials, and a history of all requests and
// responses.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Account, Credential } from './account.ts';
import { PASSWORD } from './constants.ts';
import { DRIFT, History, type LogRow, type Receipt, type Revocation, type Verdict } from './history.ts';
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { randomFrom } from './random.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { ReplicaProcess } from './replica-process.ts';
import { until } from './until.ts';

const RECEIPT = 'receipt { committedAt sequence propagation replicas acknowledged left settledInMilliseconds }';
/** The number of recently revoked credentials that the load keeps verifying. */
const HOT = 16;
/** The pause between two requests of one client of the load. */
const PACE_MS = 4;
/** On a slow machine the pause is longer, up to this: the load must leave the replicas enough CPU time for their leases. */
const SLOWEST_PACE_MS = 50;
/** The number of concurrent verifications where it does not matter. More would only queue. */
const BATCH = 20;

export type { Account, Credential } from './account.ts';

/** The session of an account as a credential. */
export const sessionOf = ({ sessionId, accessToken }: Account): Credential => ({ id: sessionId, secret: accessToken });

export interface Load {
  /** Returns when the last request has its response. */
  stop(): Promise<void>;
}

export class Installation {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  /** The pooler between the replicas and PostgreSQL; null without one. */
  readonly pooler: PgBouncer | null;
  readonly leaseMs: number;
  readonly masterKey = randomBytes(32).toString('base64');
  replicas: ReplicaProcess[] = [];
  history = new History();
  admin!: Account;
  readonly #setupToken = randomBytes(24).toString('hex');
  readonly #random = randomFrom(1);
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #hot: Credential[] = [];
  readonly #loads = new Set<Load>();
  #names = 0;
  #size = 0;

  private constructor(servers: Pick<Installation, 'postgres' | 'redis' | 'pooler'>, leaseMs: number) {
    this.postgres = servers.postgres;
    this.redis = servers.redis;
    this.pooler = servers.pooler;
    this.leaseMs = leaseMs;
  }

  /**
   * @param options.pooler settings of a PgBouncer between the replicas and PostgreSQL; without it, there is none
   * @param options.server the `server.ts` of another version of the service
   */
  static async start(
    options: { replicas?: number; leaseMs?: number; pooler?: Record<string, string>; server?: string } = {},
  ): Promise<Installation> {
    const { replicas = 3, leaseMs = 500, pooler: settings, server } = options;
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const pooler = settings ? await startPgBouncer({ port: postgres.port, settings }) : null;
    const installation = new Installation({ postgres, redis, pooler }, leaseMs);
    try {
      installation.#size = replicas;
      await Promise.all(Array.from({ length: replicas }, () => installation.join(server)));
      installation.replicas.sort((one, other) => one.name.localeCompare(other.name));
      installation.admin = await installation.#createAccount('bootstrap', { setupToken: installation.#setupToken });
    } catch (error) {
      await installation.destroy();
      throw error;
    }
    return installation;
  }

  /** Starts one more replica. @param server the `server.ts` of another version of the service */
  async join(server?: string): Promise<ReplicaProcess> {
    const replica = await ReplicaProcess.start({
      name: `replica ${String.fromCharCode(65 + this.#names++)}`,
      postgres: { port: this.postgres.port, url: this.postgres.url() },
      pooler: this.pooler,
      redis: this.redis,
      environment: {
        REKEY_LEASE_MS: String(this.leaseMs),
        REKEY_MASTER_KEY: this.masterKey,
        REKEY_SETUP_TOKEN: this.#setupToken,
        REKEY_REGISTRATION: 'open',
        REKEY_LOGIN_PER_MINUTE: '0',
        REKEY_REGISTER_PER_MINUTE: '0',
        REKEY_FAILED_AUTH_PER_MINUTE: '0',
        REKEY_LEDGER_PER_MINUTE: '0',
        REKEY_API_KEYS_PER_USER: '0',
        REKEY_ACCESS_TOKEN_SECONDS: '3600',
        REKEY_LOG_LEVEL: 'warn',
      },
      server,
    });
    this.replicas.push(replica);
    return replica;
  }

  /** Removes a stopped replica from the list. */
  remove(replica: ReplicaProcess): void {
    this.replicas = this.replicas.filter((each) => each !== replica);
  }

  // Users and credentials.

  async member(): Promise<Account> {
    return this.#createAccount('register', {});
  }

  async #createAccount(field: 'bootstrap' | 'register', input: object): Promise<Account> {
    const email = `${randomBytes(6).toString('hex')}@example.com`;
    const { user, tokens } = await this.replicas[0]!.mutate(
      field,
      { email, password: PASSWORD, displayName: 'Ann', ...input },
      'user { id } tokens { accessToken refreshToken session { id } }',
    );
    const { accessToken, refreshToken, session } = tokens;
    return { id: user.id, email, accessToken, refreshToken, sessionId: session.id };
  }

  /** Fails if the replica cannot create it at once. */
  async createApiKey(input: object = {}, owner = this.admin, by = this.replicas[0]!): Promise<Credential> {
    const bearer = owner.accessToken;
    const made = await by.mutate('createApiKey', { name: 'a key', ...input }, 'secret apiKey { id }', bearer);
    return { id: made.apiKey.id, secret: made.secret };
  }

  /** A step on the way to what a story is about: it is tried again if the replica cannot do it yet. */
  apiKey(input: object = {}, owner = this.admin, by = this.replicas[0]!): Promise<Credential> {
    return until('a key is created', () =>
      this.createApiKey(input, owner, by).catch((error: Error) => {
        if (!error.message.includes('AUTHENTICATION_UNAVAILABLE')) throw error;
        return null; // Nothing was created.
      }),
    );
  }

  /** A workspace that this account owns: its id. */
  async workspace(owner = this.admin, by = this.replicas[0]!): Promise<string> {
    const selection = 'workspace { id }';
    const { workspace } = await by.mutate('createWorkspace', { name: 'a workspace' }, selection, owner.accessToken);
    return workspace.id;
  }

  async apiKeys(count: number, owner = this.admin): Promise<Credential[]> {
    const made: Credential[] = [];
    // A few at a time: a replica without a lease limits its concurrent reads.
    while (made.length < count) {
      const batch = Array.from({ length: Math.min(8, count - made.length) }, () => this.apiKey({}, owner));
      made.push(...(await Promise.all(batch)));
    }
    return made;
  }

  // Requests that are recorded in the history.

  /** Verifies a secret at a replica. */
  verify(replica: ReplicaProcess, { secret }: { secret: string }): Promise<Verdict> {
    const done = this.history.verifying(replica.name, secret);
    const asked = replica.ask('GET', '/v1/verify', { authorization: `Bearer ${secret}` }).then(
      ({ status }) => done(VERDICTS.get(status) ?? status),
      () => done('unanswered'),
    );
    this.#inFlight.add(asked);
    return asked.finally(() => this.#inFlight.delete(asked));
  }

  /** Verifies all of these at every replica, concurrently. */
  verifyEverywhere(...credentials: { secret: string }[]): Promise<Verdict[]> {
    return Promise.all(this.replicas.flatMap((replica) => credentials.map((each) => this.verify(replica, each))));
  }

  /** Makes every replica cache these. They must be valid. A replica whose lease is late is asked again. */
  async warmCaches(...credentials: { secret: string }[]): Promise<void> {
    for (let first = 0; first < credentials.length; first += BATCH) {
      const batch = credentials.slice(first, first + BATCH);
      await until('every replica answers', async () => {
        const verdicts = await this.verifyEverywhere(...batch);
        for (const verdict of verdicts) expect(['accepted', 'unavailable']).toContain(verdict);
        return !verdicts.includes('unavailable');
      });
    }
  }

  /** Revokes an API key at this replica, and verifies it at every replica as soon as the response arrives. */
  revoke(by: ReplicaProcess, key: Credential): Promise<Receipt> {
    return this.#recorded(`key:${key.id}`, [key], () =>
      by.mutate('revokeApiKey', { apiKeyId: key.id }, RECEIPT, this.admin.accessToken),
    );
  }

  async rotate(by: ReplicaProcess, key: Credential): Promise<Credential> {
    let secret = '';
    await this.#recorded(`key:${key.id}`, [key], async () => {
      const selection = `secret ${RECEIPT}`;
      const rotated = await by.mutate('rotateApiKey', { apiKeyId: key.id }, selection, this.admin.accessToken);
      secret = rotated.secret;
      return rotated;
    });
    return { id: key.id, secret };
  }

  logout(by: ReplicaProcess, account: Account): Promise<Receipt> {
    const session = sessionOf(account);
    return this.#recorded(`session:${session.id}`, [session], () => by.mutate('logout', null, RECEIPT, session.secret));
  }

  /** Disables an account; these are its credentials. */
  disable(by: ReplicaProcess, account: Account, keys: Credential[] = []): Promise<Receipt> {
    return this.#recorded(`user:${account.id}`, [sessionOf(account), ...keys], () =>
      by.mutate('disableUser', { userId: account.id }, RECEIPT, this.admin.accessToken),
    );
  }

  /** Deletes an account; these are its credentials. */
  delete(by: ReplicaProcess, account: Account, keys: Credential[] = []): Promise<Receipt> {
    return this.#recorded(`user:${account.id}`, [sessionOf(account), ...keys], () =>
      by.mutate('deleteUser', { userId: account.id }, RECEIPT, this.admin.accessToken),
    );
  }

  /** Sets a policy that is stricter than before. It ends these credentials, and others that are added meanwhile. */
  async tighten(
    by: ReplicaProcess,
    policy: { workspaceId?: string; maximumLifetimeSeconds?: number; idleSeconds?: number; requiresExpiry?: boolean },
    ended: Credential[],
  ): Promise<{ revocation: Revocation; receipt: Receipt; endedCount: number }> {
    const tag = policy.workspaceId === undefined ? '*' : `workspace:${policy.workspaceId}`;
    const revocation = this.recordRevocation(tag, ended);
    const selection = `endedCount ${RECEIPT}`;
    const answer = await by.mutate('setCredentialPolicy', policy, selection, this.admin.accessToken);
    this.history.answered(revocation, answer.receipt);
    void this.verifyEverywhere(...ended);
    return { revocation, ...answer };
  }

  async #recorded(tag: string, revoked: Credential[], ask: () => Promise<{ receipt: Receipt }>): Promise<Receipt> {
    const revocation = this.recordRevocation(tag, revoked);
    const { receipt } = await ask();
    this.history.answered(revocation, receipt);
    void this.verifyEverywhere(...revoked);
    return receipt;
  }

  /** Records that a revocation of these begins. From now on the load verifies them more often. */
  recordRevocation(tag: string, revoked: Credential[]): Revocation {
    this.#hot.unshift(...revoked);
    this.#hot.length = Math.min(this.#hot.length, HOT);
    return this.history.revoking(
      tag,
      revoked.map(({ secret }) => secret),
    );
  }

  /** Verifies continuously at every replica, including those that join later, until it is stopped. */
  load(credentials: readonly Credential[], width = 2): Load {
    let stopped = false;
    const workers = new Map<ReplicaProcess, Promise<void>[]>();
    const work = async (replica: ReplicaProcess) => {
      while (!stopped && replica.isRunning && this.replicas.includes(replica)) {
        const pool = this.#random() < 0.5 && this.#hot.length > 0 ? this.#hot : credentials;
        const began = performance.now();
        await this.verify(replica, pool[Math.floor(this.#random() * pool.length)]!);
        await sleep(Math.min(Math.max(PACE_MS, 2 * (performance.now() - began)), SLOWEST_PACE_MS));
      }
    };
    const addWorkers = () => {
      for (const replica of this.replicas) {
        if (!workers.has(replica))
          workers.set(
            replica,
            Array.from({ length: width }, () => work(replica)),
          );
      }
    };
    addWorkers();
    const adding = setInterval(addWorkers, 20);
    const load: Load = {
      stop: async () => {
        this.#loads.delete(load);
        stopped = true;
        clearInterval(adding);
        await Promise.all([...workers.values()].flat());
      },
    };
    this.#loads.add(load);
    return load;
  }

  // The end of a story.

  /** Waits until every replica holds a lease and no other is registered. Only a revocation detects a stopped replica. */
  async untilHealthy(): Promise<void> {
    const first = this.replicas[0]!;
    const revokeOne = async () => this.revoke(first, await this.apiKey({}, this.admin, first));
    await until('every replica holds a lease and no other is registered', async () => {
      const held = await Promise.all(this.replicas.map((replica) => replica.metric('rekey_lease_remaining_seconds')));
      const rows = await this.postgres.query<{ suspect: boolean }>('select suspect from auth_replica');
      if (rows.length === this.replicas.length && !rows.some(({ suspect }) => suspect)) {
        return held.every((seconds) => seconds > 0);
      }
      await revokeOne().catch(() => undefined); // No response yet.
      return false;
    });
  }

  /** Ends the story: repairs all servers and connections, and waits for all responses. */
  async #end(): Promise<void> {
    this.postgres.resume();
    this.redis.thaw();
    await Promise.all([this.postgres.start(), this.redis.start()]);
    await this.postgres.query('alter database postgres allow_connections true', [], 'template1');
    await this.pooler?.start();
    for (const replica of this.replicas) replica.thaw();
    await Promise.all(
      this.replicas.flatMap(({ postgres, redis, pooler }) => [postgres.heal(), redis.heal(), pooler?.heal()]),
    );
    await Promise.all([...this.#loads].map((load) => load.stop()));
    await Promise.all(this.#inFlight);
  }

  /** After a story that failed in the middle, the next one must not fail as well. */
  async #recover(): Promise<void> {
    this.replicas = this.replicas.filter(({ isRunning }) => isRunning);
    while (this.replicas.length < this.#size) await this.join();
    await this.untilHealthy();
  }

  /** Throws if the history violates the promise, and begins a new history. */
  async assertPromiseHeld(): Promise<void> {
    await this.#end();
    const { history } = this;
    this.history = new History();
    this.#hot.length = 0;
    const log = await this.log();
    await this.#recover();
    expect(history.violations(log, this.leaseMs)).toEqual([]);
    expect(history.count('accepted'), 'the number of accepted requests in the story').toBeGreaterThan(0);
    expect(history.count('refused'), 'the number of refused requests in the story').toBeGreaterThan(0);
  }

  log(): Promise<LogRow[]> {
    return this.postgres.query<LogRow & Record<string, unknown>>(
      'select seq::float8 as seq, tag, extract(epoch from at)::float8 * 1000 as at from auth_inval order by seq',
    );
  }

  /** After so many milliseconds, every lease that was granted before has expired. */
  get longestLeaseMs(): number {
    return this.leaseMs * DRIFT;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await this.pooler?.destroy();
    await Promise.all([this.postgres.destroy(), this.redis.destroy()]);
  }
}

const VERDICTS = new Map<number, Verdict>([
  [204, 'accepted'],
  [401, 'refused'],
  [503, 'unavailable'],
]);
