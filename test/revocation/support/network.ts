import type { Sql, Statement } from '../../../src/database/sql.ts';
import type { Database } from './database.ts';
import type { Process, Timeline } from './timeline.ts';

/** What may happen to a statement and its answer. crash: the process ends as soon as the statement was carried out. */
export type Mishap = 'requestLost' | 'answerLost' | 'requestLate' | 'answerLate' | 'crash';

export interface Fault {
  /** Which statement; null for any. */
  statement: string | null;
  mishap: Mishap;
  milliseconds: number;
  times: number;
}

/** The network from one machine to the database, with its failures. */
export class Network {
  readonly #timeline: Timeline;
  readonly #database: Database;
  /** cut: refused at once. silent: never answered. */
  state: 'open' | 'cut' | 'silent' = 'open';
  faults: Fault[] = [];
  /** When (by `timeline.tick`) a statement last failed. */
  failedAt = -1;

  constructor(timeline: Timeline, database: Database) {
    this.#timeline = timeline;
    this.#database = database;
  }

  heal(): void {
    this.state = 'open';
    this.faults = [];
  }

  /** A connection of a process. Its timeout counts by the clock of the process. */
  connect(process: Process, timeoutMs: number): Sql {
    return { query: (statement, values = []) => this.#ask(process, timeoutMs, statement, values) as Promise<never[]> };
  }

  #ask(process: Process, timeoutMs: number, { name }: Statement, values: readonly unknown[]): Promise<unknown[]> {
    const timeline = this.#timeline;
    const asked = [...values];
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        this.failedAt = ++timeline.tick;
        reject(new Error(why));
      };
      const timeout = timeline.in(timeoutMs / process.rate, process, () => fail(`${name}: no answer`));
      const refuse = () => {
        timeout.cancelled = true;
        timeline.in(this.#latency(), process, () => fail(`${name}: refused`));
      };
      if (this.state === 'cut') return refuse();
      const fault = this.#faultOf(name);
      if (this.state === 'silent' || fault?.mishap === 'requestLost') return;
      const late = fault?.mishap === 'requestLate' ? fault.milliseconds : 0;
      timeline.in(this.#latency() + late, null, () => {
        if (this.#database.down) return refuse();
        const rows = this.#database.execute(name, asked);
        if (fault?.mishap === 'crash') process.ended = true;
        if (fault?.mishap === 'answerLost' || this.state !== 'open') return;
        const later = fault?.mishap === 'answerLate' ? fault.milliseconds : 0;
        timeline.in(this.#latency() + later, process, () => {
          timeout.cancelled = true;
          resolve(rows);
        });
      });
    });
  }

  #faultOf(name: string): Fault | undefined {
    const fault = this.faults.find(({ statement, times }) => times > 0 && (statement ?? name) === name);
    if (fault) fault.times--;
    return fault;
  }

  #latency(): number {
    return 0.1 + this.#timeline.random() ** 4 * 3;
  }
}
