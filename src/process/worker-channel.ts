import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/** The metrics of one registry, as the client library exchanges them. */
export type Metrics = MetricObjectWithValues<MetricValue<string>>[];

/** What the primary sends to a worker. */
export type ToWorker =
  /** The first message: the worker may start. Its number stays the same when another process takes its place. */
  | { kind: 'start'; worker: number }
  | { kind: 'announce' }
  | { kind: 'collect'; id: string }
  | { kind: 'scraped'; id: string; text: string };

/** What a worker sends to the primary. */
export type FromWorker =
  /** It accepts requests at this address. */
  | { kind: 'ready'; address: string }
  | { kind: 'metrics'; id: string; metrics: Metrics }
  /** A client has asked this worker for the metrics, and it needs those of all workers. */
  | { kind: 'scrape'; id: string };

/** The side of a worker. */
export class WorkerChannel {
  /** The number of this worker, from 1. */
  readonly worker: number;
  readonly #asked = new Map<string, (text: string) => void>();
  #registry: Registry | null = null;
  #announce: () => void = () => undefined;

  private constructor(worker: number) {
    this.worker = worker;
    process.on('message', (message: ToWorker) => this.#receive(message));
  }

  /** Resolves when the primary lets this worker start. */
  static async open(): Promise<WorkerChannel> {
    const { worker } = await new Promise<Extract<ToWorker, { kind: 'start' }>>((resolve) => {
      process.once('message', resolve);
    });
    return new WorkerChannel(worker);
  }

  /** Makes the metrics of this registry those of this worker. Each series gets the label `worker`. */
  expose(registry: Registry): void {
    registry.setDefaultLabels({ worker: String(this.worker) });
    this.#registry = registry;
  }

  /** Reports that this worker accepts requests. The primary asks one worker to announce what concerns all of them. */
  ready(address: string, announce: () => void): void {
    this.#announce = announce;
    this.#send({ kind: 'ready', address });
  }

  /** The metrics of all workers, in the format of Prometheus. Without the primary, those of this worker. */
  scrape(): Promise<string> {
    if (!process.connected) return this.#ownMetrics();
    const id = randomUUID();
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#send({ kind: 'scrape', id });
    });
  }

  /**
   * Calls the listener when the primary has ended. Without it, Node would end this process at once, together with the
   * requests in flight. Connections that were accepted belong to this process, so it can answer them.
   */
  onOrphaned(listener: () => void): void {
    cluster.worker?.once('disconnect', () => {
      // So Node takes the end of the channel for one that this process has asked for.
      if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
      for (const answer of this.#asked.values()) void this.#ownMetrics().then(answer);
      listener();
    });
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case 'announce':
        this.#announce();
        break;
      case 'collect':
        void this.#collect(message.id);
        break;
      case 'scraped':
        this.#asked.get(message.id)?.(message.text);
        this.#asked.delete(message.id);
        break;
    }
  }

  /** If a metric cannot be read, the series of this worker are missing, and the others are not. */
  async #collect(id: string): Promise<void> {
    const metrics = await this.#registry?.getMetricsAsJSON().catch(() => []);
    this.#send({ kind: 'metrics', id, metrics: (metrics ?? []) as Metrics });
  }

  async #ownMetrics(): Promise<string> {
    return (await this.#registry?.metrics()) ?? '';
  }

  #send(message: FromWorker): void {
    if (process.connected) process.send?.(message, () => undefined); // The primary may be ending.
  }
}
