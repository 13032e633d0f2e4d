import type { IncomingMessage } from 'node:http';
import type { Database } from '../database/database.ts';
import { type ConfirmCaller, type RequestOrigin, UnitOfWork, type WorkLimit } from '../database/unit-of-work.ts';
import type { Principal } from '../identity/principal.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import type { Turns } from './turns.ts';

const LONGEST_USER_AGENT = 500;

export interface WorkOfRequestsOptions {
  database: Pick<Database, 'fork' | 'forkReserved'>;
  /** Limits the concurrent work of each caller. */
  turns: Turns;
  confirm: ConfirmCaller;
  addressOf: (request: IncomingMessage) => string;
}

/** The units of work of requests. Each knows its caller and its origin, and waits for its turn. */
export class WorkOfRequests {
  readonly #options: WorkOfRequestsOptions;

  constructor(options: WorkOfRequestsOptions) {
    this.#options = options;
  }

  originOf(request: IncomingMessage): RequestOrigin & { ipAddress: string } {
    return {
      ipAddress: this.#options.addressOf(request),
      userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
      requestId: currentRequestId() ?? '',
    };
  }

  /**
   * @param caller null if something else than a credential authorizes the change
   * @param limit stops the work before its commit
   */
  change(request: IncomingMessage, caller: Principal | null, limit?: WorkLimit): UnitOfWork {
    const { database, turns, confirm } = this.#options;
    const origin = this.originOf(request);
    const inTurn = turns.change(caller, origin.ipAddress);
    return new UnitOfWork(database.fork(limit?.signal), caller, origin, confirm, { inTurn, limit });
  }

  /** The same on the connections that are reserved for revocations. */
  revocation(request: IncomingMessage, caller: Principal | null, limit?: WorkLimit): UnitOfWork {
    const { database, turns, confirm } = this.#options;
    const origin = this.originOf(request);
    const inTurn = turns.revocation(caller, origin.ipAddress);
    return new UnitOfWork(database.forkReserved(limit?.signal), caller, origin, confirm, { inTurn, limit });
  }
}
