import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { createLogger, type Logger } from '../kernel/logger.ts';
import { claimAddress } from './listen.ts';
import { DRAIN_MS, STOP_SIGNALS, stopDelayMs } from './replica.ts';
import type { FromWorker, Metrics, ToWorker } from './worker-channel.ts';

/** The pause before another process takes the place of a worker, in milliseconds. It doubles with each failure. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A worker that was ready for this long has not failed at its start. */
const HEALTHY_MS = 60_000;
/** How long a worker may take to answer a scrape, in milliseconds. The others answer without it. */
const SCRAPE_MS = 1000;
/** How long a worker may take for everything after its last response, in milliseconds. */
const STOP_MS = 5000;

/** One of the configured workers. A process that ends is replaced, and the place stays. */
interface Place {
  readonly number: number;
  process: Worker | null;
  readySince: number | null;
  /** Whether it was ever ready. A place whose first process fails ends the service. */
  hasStarted: boolean;
  /** Ends in a row that were not after a healthy time. */
  failures: number;
  restart: NodeJS.Timeout | null;
}

/** The first worker could not start. It has written the reason to standard error. */
class WorkerFailed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`A worker ended with exit code ${exitCode}.`);
    this.exitCode = exitCode;
  }
}

/**
 * Runs the configured number of workers, each a replica in a process of its own, and shares the connections of clients
 * among them. Ends the process when all workers have ended after a signal, or if they cannot start.
 */
export async function runWorkers(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel });
  await claimAddress(config);
  const workers = new Workers(config, logger);
  for (const signal of STOP_SIGNALS) process.on(signal, () => void workers.stop(signal));
  try {
    const address = await workers.start();
    process.stdout.write(`Rekey is ready: ${address} (${config.workers} workers)\n`);
    workers.announce();
  } catch (error) {
    if (!(error instanceof WorkerFailed)) throw error;
    await workers.stop('SIGINT', error.exitCode); // No delay: the start has failed, so no gateway relies on the others.
  }
}

class Workers {
  readonly #logger: Logger;
  readonly #places: readonly Place[];
  readonly #longestStopMs: number;
  readonly #registry = new Registry();
  readonly #restarts: Counter;
  readonly #scrapes = new Map<string, (worker: Worker, metrics: Metrics) => void>();
  #stopping = false;

  constructor(config: Config, logger: Logger) {
    this.#logger = logger;
    this.#longestStopMs = stopDelayMs(config) + DRAIN_MS + STOP_MS;
    this.#places = Array.from({ length: config.workers }, (_, index) => ({
      ...{ number: index + 1, process: null, readySince: null, hasStarted: false, failures: 0, restart: null },
    }));
    this.#restarts = new Counter({
      name: 'rekey_worker_restarts_total',
      help: 'Workers that ended unexpectedly and were replaced.',
      labelNames: ['worker'],
      registers: [this.#registry],
    });
    for (const { number } of this.#places) this.#restarts.inc({ worker: String(number) }, 0);
    // Metrics have values that JSON does not have, such as NaN.
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  /**
   * Starts the first worker alone, which migrates the schema and reports a wrong configuration once, then the others.
   *
   * @returns the address of all of them
   * @throws WorkerFailed
   */
  async start(): Promise<string> {
    const [first, ...others] = this.#places as [Place, ...Place[]];
    const address = await this.#launch(first);
    await Promise.all(others.map((place) => this.#launch(place)));
    return address;
  }

  /** Lets one worker announce what concerns all of them, such as the setup token. */
  announce(): void {
    const ready = this.#places.find(({ readySince }) => readySince !== null);
    if (ready) send(ready.process, { kind: 'announce' });
  }

  /**
   * Stops all workers at the same time, and ends this process after the last one. Each signal reaches the workers, because
   * a later one may end the wait that an earlier one has begun.
   */
  async stop(signal: NodeJS.Signals, exitCode = 0): Promise<void> {
    const running = this.#places.flatMap(({ process: worker }) => (worker && !worker.isDead() ? worker : []));
    for (const worker of running) worker.process.kill(signal);
    if (this.#stopping) return;
    this.#stopping = true;
    let code = exitCode;
    for (const { restart } of this.#places) if (restart) clearTimeout(restart);
    const ended = running.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    const late = setTimeout(() => {
      code = 1;
      for (const { process: worker } of this.#places) worker?.process.kill('SIGKILL');
    }, this.#longestStopMs);
    await Promise.all(ended);
    clearTimeout(late);
    this.#logger.flush();
    process.exit(code);
  }

  /** Resolves with the address when the worker is ready; rejects if it ends before. One that ends later is replaced. */
  #launch(place: Place): Promise<string> {
    const worker = cluster.fork();
    Object.assign(place, { process: worker, readySince: null, restart: null });
    const ready = Promise.withResolvers<string>();
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          place.readySince = performance.now();
          place.hasStarted = true;
          ready.resolve(message.address);
          break;
        case 'metrics':
          this.#scrapes.get(message.id)?.(worker, message.metrics);
          break;
        case 'scrape':
          void this.#scrape().then((text) => send(worker, { kind: 'scraped', id: message.id, text }));
          break;
      }
    });
    worker.once('exit', (code, signal) => {
      place.process = null;
      if (this.#stopping) return;
      ready.reject(new WorkerFailed(code || 1));
      if (place.hasStarted) this.#replaceLater(place, { code, signal });
    });
    send(worker, { kind: 'start', worker: place.number });
    return ready.promise;
  }

  #replaceLater(place: Place, ended: { code: number; signal: string }): void {
    const wasHealthy = place.readySince !== null && performance.now() - place.readySince >= HEALTHY_MS;
    place.failures = wasHealthy ? 0 : place.failures + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** place.failures, LONGEST_PAUSE_MS);
    place.readySince = null;
    this.#restarts.inc({ worker: String(place.number) });
    this.#logger.error({ worker: place.number, ...ended, pauseMs }, 'a worker ended; starting another');
    place.restart = setTimeout(() => {
      this.#launch(place).catch(() => undefined); // Its end starts the next one.
    }, pauseMs);
  }

  /** The metrics of all workers that answer in time. */
  async #scrape(): Promise<string> {
    const id = randomUUID();
    const asked = this.#places.flatMap(({ process: worker, readySince }) =>
      worker && readySince !== null ? worker : [],
    );
    const answers = new Map<Worker, Metrics>();
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, SCRAPE_MS);
      this.#scrapes.set(id, (worker, metrics) => {
        answers.set(worker, metrics);
        if (answers.size < asked.length) return;
        clearTimeout(late);
        resolve();
      });
      for (const worker of asked) send(worker, { kind: 'collect', id });
    });
    this.#scrapes.delete(id);
    const own = (await this.#registry.getMetricsAsJSON()) as Metrics;
    // Every series has the label of its worker, so nothing is summed up: no metric may be omitted as meaningless in a sum.
    const all = [own, ...answers.values()].map((metrics) => metrics.map((each) => ({ ...each, aggregator: 'first' })));
    return AggregatorRegistry.aggregate(all as never).metrics();
  }
}

/** Sends a message to a worker that may be ending. */
function send(worker: Worker | null, message: ToWorker): void {
  if (worker?.isConnected()) worker.send(message, () => undefined);
}
