import { LATEST_CHANGES, type LatestChangesRow } from '../audit/latest-changes.ts';
import type { Sql } from '../database/sql.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Replica } from '../revocation/replica.ts';

/** How often a read is attempted. */
const ATTEMPTS = 2;

export interface LatestPositionOptions {
  sql: Sql;
  replica: Pick<Replica, 'serverIdentity'>;
  logger: Logger;
}

/**
 * Reads how far the installation has changed. Equal positions mean: between the two reads, no change that the audit log
 * records and no revocation was committed, on any replica.
 *
 * One read at a time. Calls during a read share the next one, because the running read may have taken its snapshot before
 * them. So a thousand concurrent requests cost a few reads.
 */
export class LatestPosition {
  readonly #options: LatestPositionOptions;
  #running: Promise<unknown> | null = null;
  #next: Promise<string | null> | null = null;

  constructor(options: LatestPositionOptions) {
    this.#options = options;
  }

  /** The position, by a read that begins after this call; null if it cannot be read. */
  read(): Promise<string | null> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#begin();
    this.#next = this.#running.then(() => {
      this.#next = null;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<string | null> {
    const reading = this.#read();
    this.#running = reading.finally(() => {
      this.#running = null;
    });
    return reading;
  }

  async #read(): Promise<string | null> {
    const { sql, replica, logger } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const server = replica.serverIdentity; // Positions of another server mean nothing.
      try {
        const [row] = await sql.query<LatestChangesRow>(LATEST_CHANGES);
        if (!row || row.sequence === null || server === '' || server !== replica.serverIdentity) return null;
        return JSON.stringify([server, row.sequence, row.positions]);
      } catch (error) {
        // All requests that share this read would execute for themselves. The first read of a herd may have to connect.
        if (attempt < ATTEMPTS) continue;
        logger.warn({ err: error }, 'the position of the latest change cannot be read; requests share no executions');
        return null;
      }
    }
  }
}
