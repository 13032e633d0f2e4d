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
 * Checks, inside the transaction, that the caller's credential is still good, and keeps it so until the commit by a
 * lock on its rows: exclusive on what the transaction itself is going to change, shared on the rest.
 */
export type ConfirmCaller = (em: EntityManager, caller: Principal, changing: string | null) => Promise<boolean>;

/** How often a transaction is tried that only lost against another one: deadlocks and serialisation failures. */
const ATTEMPTS = 3;

/**
 * Runs database work when it is the caller's turn, and so bounds how much of the same caller runs at the same time. Throws
 * AccessError `RATE_LIMITED` where too much of it waits already, and `AUTHENTICATION_UNAVAILABLE` where the wait is too
 * long. The work has not begun then.
 */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export interface UnitOfWorkOptions {
  /** Left out: at once. */
  inTurn?: InTurn;
  /** What is waited for after an attempt that lost against another transaction. */
  pause?: (attempt: number) => Promise<void>;
}

/** One mutation: its EntityManager, who asks for it, and from where. Made afresh for every mutation field. */
export class UnitOfWork {
  readonly em: EntityManager;
  readonly principal: Principal | null;
  readonly origin: RequestOrigin;
  readonly #confirm: ConfirmCaller;
  readonly #inTurn: InTurn;
  readonly #pause: (attempt: number) => Promise<void>;
  #hasTurn = false;

  constructor(
    em: EntityManager,
    principal: Principal | null,
    origin: RequestOrigin,
    confirm: ConfirmCaller,
    { inTurn = (work) => work(), pause = backOff }: UnitOfWorkOptions = {},
  ) {
    this.em = em;
    this.principal = principal;
    this.origin = origin;
    this.#confirm = confirm;
    this.#inTurn = inTurn;
    this.#pause = pause;
  }

  /** The same for what is asked for by something else than the credential of the request, which then is not looked at. */
  withoutCaller(): UnitOfWork {
    const options = { inTurn: this.#inTurn, pause: this.#pause };
    return new UnitOfWork(this.em, null, this.origin, this.#confirm, options);
  }

  /** @throws AccessError `UNAUTHENTICATED` where the request carried no credential */
  get caller(): Principal {
    if (!this.principal) throw credentialMissing();
    return this.principal;
  }

  /**
   * Runs database work when it is the caller's turn. A transaction inside is part of it, and has no turn of its own. No
   * turn, and no connection, may be held while a password is hashed or a revocation settles: others wait for it.
   */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hasTurn) return work();
    return this.#inTurn(async () => {
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
   * until the commit: no write of a credential commits after that credential's revocation.
   *
   * `work` returns its outcome; what it throws rolls everything back. It may run more than once, so it must not touch
   * anything but the EntityManager, and it must not ask the database on another connection: the embedded one has only
   * this one.
   *
   * @param changing the id of the credential or user that `work` is going to change
   * @throws AccessError `UNAUTHENTICATED` where the credential died meanwhile, `OUTCOME_UNKNOWN` where the connection
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
    this.em.clear();
    // What commits while this transaction waits for a lock is seen after the wait: locks, quotas and the ledger rely on it.
    await this.em.begin({ isolationLevel: IsolationLevel.READ_COMMITTED });
    let outcome: Outcome;
    try {
      if (this.principal && !(await this.#confirm(this.em, this.principal, changing))) throw credentialRefused();
      outcome = await work();
      await this.em.flush();
    } catch (error) {
      await this.em.rollback().catch(() => undefined); // The first error is the one that matters.
      throw error;
    }
    try {
      await this.em.commit();
    } catch (error) {
      await this.em.rollback().catch(() => undefined); // Nothing is left to undo, but the connection to be given back.
      throw connectionBroke(error) ? outcomeUnknown(error) : error;
    }
    return outcome;
  }
}

function lostAgainstAnother(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}
