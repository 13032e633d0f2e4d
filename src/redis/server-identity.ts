import type { Logger } from '../kernel/logger.ts';
import type { RedisClient } from './client.ts';

/**
 * Which server answers on a connection, and since which promotion. A restart and a failover change it, because both may
 * bring back an earlier state of the data.
 */
export class RedisServerIdentity {
  readonly #redis: RedisClient;
  readonly #logger: Logger;
  #current: string | null = null;

  constructor(redis: RedisClient, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
    redis.on('ready', () => void this.#learn());
    for (const event of ['error', 'reconnecting', 'end'] as const) redis.on(event, () => this.#forget());
    if (redis.isReady) void this.#learn();
  }

  /** Null while there is no connection, or if the server does not tell. */
  get current(): string | null {
    return this.#redis.isReady ? this.#current : null;
  }

  #forget(): void {
    this.#current = null;
  }

  async #learn(): Promise<void> {
    this.#forget();
    try {
      const info = await this.#redis.info();
      const [run, replication] = ['run_id', 'master_replid'].map((name) => fieldOf(info, name));
      if (!run || !replication) throw new Error('INFO has no run_id or no master_replid.');
      this.#current = `${run}.${replication}`;
    } catch (error) {
      // The next connection asks again.
      this.#logger.debug({ err: error }, 'the Redis server does not say which one it is; it keeps no rate limits');
    }
  }
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([0-9a-f]+)\\r?$`, 'm').exec(info)?.[1];
}
