import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { credentialMissing, credentialRefused, outcomeUnknown } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import { backOff } from '../kernel/back-off.ts';
import { connectionBroke, sqlStateOf } from './sql-errors.ts';

/** Where a request comes from. */
export interface RequestOrigin {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
}

/**
 * Checks inside the transaction that the caller's credential is still valid, and locks its rows until the commit so
 * that it stays valid. The lock is exclusive on the row that the transaction will change, and shared on the other ones.
 */
export type ConfirmCaller = (em: EntityManager, caller: Principal, changing: string | null) => Promise<boolean>;

/** Attempts of a transaction that failed only because of another one: deadlocks and serialization failures. */
const ATTEMPTS = 3;

/**
 * Runs database work when it is the caller's turn, which bounds the concurrent work of one caller. Throws AccessError
 * `RATE_LIMITED` if too much work of this caller waits already, and `AUTHENTICATION_UNAVAILABLE` if the wait is too
 * long. In both cases the work has not started.
 */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Stops work from outside, but not while it commits. */
export interface WorkLimit {
  /** Aborts the statements of the work. */
  readonly signal: AbortSignal;
  /** @throws the reason if the work must stop */
  check(): void;
  /** Called before a COMMIT. From then on, the work is finished. @throws the reason if it must stop */
  beginCommit(): void;
}

export interface UnitOfWorkOptions {
  /** Defaults to running the work at once. */
  inTurn?: InTurn;
  /** Defaults to none. The EntityManager must have its signal. */
  limit?: WorkLimit | undefined;
  /** The pause after an attempt that failed because of another transaction. */
  pause?: (attempt: number) => Promise<void>;
}

/** One mutation: its EntityManager, its caller and its origin. Each mutation field gets a new one. */
export class UnitOfWork {
  readonly em: EntityManager;
  readonly principal: Principal | null;
  readonly origin: RequestOrigin;
  readonly #confirm: ConfirmCaller;
  readonly #inTurn: InTurn;
  readonly #limit: WorkLimit | undefined;
  readonly #pause: (attempt: number) => Promise<void>;
  #hasTurn = false;

  constructor(
    em: EntityManager,
    principal: Principal | null,
    origin: RequestOrigin,
    confirm: ConfirmCaller,
    { inTurn = (work) => work(), limit, pause = backOff }: UnitOfWorkOptions = {},
  ) {
    this.em = em;
    this.principal = principal;
    this.origin = origin;
    this.#confirm = confirm;
    this.#inTurn = inTurn;
    this.#limit = limit;
    this.#pause = pause;
  }

  /** The same without a caller: something else than the credential of the request authorizes the work. */
  withoutCaller(): UnitOfWork {
    const options = { inTurn: this.#inTurn, limit: this.#limit, pause: this.#pause };
    return new UnitOfWork(this.em, null, this.origin, this.#confirm, options);
  }

  /** @throws AccessError `UNAUTHENTICATED` if the request carries no credential */
  get caller(): Principal {
    if (!this.principal) throw credentialMissing();
    return this.principal;
  }

  /**
   * Runs database work when it is the caller's turn. A transaction inside is part of the same turn. No turn and no
   * connection may be held while a password is hashed or a revocation propagates: other requests wait for them.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hasTurn) return work();
    return this.#inTurn(async () => {
      this.#limit?.check();
      this.#hasTurn = true;
      try {
        return await work();
      } finally {
        this.#hasTurn = false;
      }
    });
  }

  /**
   * Runs `work` in one transaction, then flushes and commits. The caller is confirmed first, under a lock that lasts
   * until the commit: no write of a credential commits after the revocation of that credential.
   *
   * `work` returns its outcome. An error that it throws rolls everything back. It may run more than once, so it must
   * change nothing but the EntityManager. It must not query the database on another connection: the embedded
   * database has only this one.
   *
   * @param changing the id of the credential, user or workspace that `work` changes
   * @throws AccessError `UNAUTHENTICATED` if the credential is no longer valid, `OUTCOME_UNKNOWN` if the connection
   *   broke during the commit, and what `InTurn` throws
   */
  transaction<Outcome>(work: () => Promise<Outcome>, changing: string | null = null): Promise<Outcome> {
    return this.inTurn(() => this.#attempts(work, changing));
  }

  async #attempts<Outcome>(work: () => Promise<Outcome>, changing: string | null): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work, changing);
      } catch (error) {
        if (attempt === ATTEMPTS || !lostAgainstAnother(error)) throw error;
      }
      await this.#pause(attempt);
    }
  }

  async #attempt<Outcome>(work: () => Promise<Outcome>, changing: string | null): Promise<Outcome> {
    this.#limit?.check();
    this.em.clear();
    // After a wait for a lock, this transaction must see what was committed meanwhile. Locks, quotas and the ledger
    // rely on this isolation level.
    await this.em.begin({ isolationLevel: IsolationLevel.READ_COMMITTED });
    let outcome: Outcome;
    try {
      if (this.principal && !(await this.#confirm(this.em, this.principal, changing))) throw credentialRefused();
      outcome = await work();
      await this.em.flush();
      this.#limit?.beginCommit();
    } catch (error) {
      await this.em.rollback().catch(() => undefined); // The first error is the one that matters.
      throw error;
    }
    try {
      await this.em.commit();
    } catch (error) {
      await this.em.rollback().catch(() => undefined); // Nothing is left to roll back; this releases the connection.
      throw connectionBroke(error) ? outcomeUnknown(error) : error;
    }
    return outcome;
  }
}

function lostAgainstAnother(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}
