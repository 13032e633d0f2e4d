import { randomUUID } from 'node:crypto';
import type { Sql } from '../database/sql.ts';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import { tooMany } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Replica } from '../revocation/replica.ts';
import type { Decisions } from './decisions.ts';
import { ANSWER, ANSWERS, ASK, CLOSE, OPEN, OPEN_MS, PURGE, type Question } from './explanation.statements.ts';
import type { Explanation } from './explanation.ts';

/** The longest time between two looks for answers, in milliseconds. A notification is faster, but may be lost. */
const LOOK_MS = 100;
/** How many questions of this replica may be open. */
const MOST_QUESTIONS = 20;

export interface ExplanationServiceOptions {
  decisions: Pick<Decisions, 'find'>;
  replica: Pick<Replica, 'id'>;
  sql: Sql;
  clock: Clock;
  logger: Logger;
  /** Identifies this process among those that ask and answer. */
  processId: string;
}

/**
 * Explains requests, on any replica: a replica remembers its own decisions only, and asks the others through the database.
 * All of this happens when an administrator asks, and nothing of it on the path of a request.
 */
export class ExplanationService {
  readonly #options: ExplanationServiceOptions;
  /** Wakes those who wait for answers. */
  readonly #waiting = new Set<() => void>();
  #answering: Promise<void> | null = null;
  #notifiedAgain = false;
  #stopped = false;

  constructor(options: ExplanationServiceOptions) {
    this.#options = options;
  }

  /**
   * The newest decision about this request on any replica; null if none remembers it. Waits for the other replicas, for a
   * second at most. If the database does not answer, what this replica knows is the answer.
   *
   * @throws AccessError `RATE_LIMITED` if too many questions are open
   */
  async explain(requestId: string): Promise<Explanation | null> {
    const own = this.#options.decisions.find(requestId);
    if (this.#waiting.size >= MOST_QUESTIONS) throw tooMany(1);
    try {
      const known = await this.#askOthers(requestId);
      return [own, ...known].reduce((a, b) => (a && (!b || a.at >= b.at) ? a : b), null);
    } catch (error) {
      if (own && databaseDidNotAnswer(error)) return own;
      throw error;
    }
  }

  /** A question was asked or answered, or a notification may have been missed. */
  notified(): void {
    for (const wake of this.#waiting) wake();
    if (this.#stopped) return;
    this.#notifiedAgain = this.#answering !== null;
    this.#answering ??= this.#answer().finally(() => {
      this.#answering = null;
      if (this.#notifiedAgain) this.notified();
    });
  }

  async purge(): Promise<void> {
    await this.#options.sql.query(PURGE);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#answering;
  }

  async #askOthers(requestId: string): Promise<(Explanation | null)[]> {
    const { sql, replica, processId, clock } = this.#options;
    const id = randomUUID();
    const until = clock.monotonic() + OPEN_MS;
    // Before it is asked: the first answer may be here before the next line.
    const waiting = new Wake();
    this.#waiting.add(waiting.wake);
    try {
      const [asked] = await sql.query<{ others: number }>(ASK, [id, requestId, processId, replica.id]);
      const others = asked?.others ?? 0;
      if (others === 0) return [];
      for (;;) {
        const answers = await sql.query<{ explanation: string | null }>(ANSWERS, [id]);
        const left = until - clock.monotonic();
        if (answers.length >= others || left <= 0) return answers.map(({ explanation }) => parseAnswer(explanation));
        await waiting.wait(Math.min(left, LOOK_MS));
      }
    } finally {
      this.#waiting.delete(waiting.wake);
      this.#close(id);
    }
  }

  /** In the background. What it leaves is purged. */
  #close(id: string): void {
    const { sql, logger } = this.#options;
    sql.query(CLOSE, [id]).catch((error) => logger.debug({ err: error }, 'closing a question failed'));
  }

  async #answer(): Promise<void> {
    const { sql, decisions, processId, logger } = this.#options;
    try {
      const questions = await sql.query<Question>(OPEN, [processId]);
      if (questions.length === 0) return;
      const answers = questions.map(({ id, requestId }) => {
        const found = decisions.find(requestId);
        return { id, explanation: found && JSON.stringify(found) };
      });
      await sql.query(ANSWER, [processId, JSON.stringify(answers)]);
    } catch (error) {
      logger.debug({ err: error }, 'answering questions about requests failed');
    }
  }
}

/** Lets one caller wait for a signal, which may come before the wait begins. */
class Wake {
  #signaled = Promise.withResolvers<void>();
  readonly wake = () => this.#signaled.resolve();

  async wait(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([this.#signaled.promise, late]);
    clearTimeout(timer);
    this.#signaled = Promise.withResolvers();
  }
}

function parseAnswer(text: string | null): Explanation | null {
  if (text === null) return null;
  const explanation = JSON.parse(text);
  return { ...explanation, at: new Date(explanation.at) };
}
