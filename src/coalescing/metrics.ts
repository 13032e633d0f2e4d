import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The counts of coalesced requests. */
export interface CoalescingCounts {
  /** Requests that executed for all who share it. */
  led: number;
  /** Requests that got the result of another request of this replica. */
  waited: number;
  /** Requests that got the result of another replica. */
  handed: number;
  /** Requests that got a result that was kept. */
  kept: number;
  /** Requests that executed for themselves alone. */
  alone: number;
  /** Requests that wait now for the execution of another request. */
  waiting: number;
  /** Requests that stopped waiting, by the reason. */
  timedOut: number;
  inDoubt: number;
  disconnected: number;
  /** Executions with errors, and calls of Redis that failed. */
  failedExecutions: number;
  failedCalls: number;
}

export const noCounts = (): CoalescingCounts => ({
  ...{ led: 0, waited: 0, handed: 0, kept: 0, alone: 0 },
  ...{ waiting: 0, timedOut: 0, inDoubt: 0, disconnected: 0, failedExecutions: 0, failedCalls: 0 },
});

/** Exposes the counts. */
export function createCoalescingMetrics(registry: Registry, counts: Readonly<CoalescingCounts>) {
  const registers = [registry];
  new Counter({
    name: 'rekey_coalescing_requests_total',
    help: 'Queries that may share an execution, by where their result came from.',
    labelNames: ['outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const outcome of ['led', 'waited', 'handed', 'kept', 'alone'] as const)
        this.inc({ outcome }, counts[outcome]);
    },
  });
  new Counter({
    name: 'rekey_coalescing_left_total',
    help: 'Requests that stopped waiting for the execution of another request, by reason.',
    labelNames: ['reason'] as const,
    registers,
    collect() {
      this.reset();
      this.inc({ reason: 'timed_out' }, counts.timedOut);
      this.inc({ reason: 'in_doubt' }, counts.inDoubt);
      this.inc({ reason: 'disconnected' }, counts.disconnected);
    },
  });
  new Counter({
    name: 'rekey_coalescing_errors_total',
    help: 'Shared executions with errors, and calls of Redis that failed.',
    labelNames: ['where'] as const,
    registers,
    collect() {
      this.reset();
      this.inc({ where: 'execution' }, counts.failedExecutions);
      this.inc({ where: 'redis' }, counts.failedCalls);
    },
  });
  new Gauge({
    name: 'rekey_coalescing_waiting',
    help: 'Requests that wait now for the execution of another request.',
    registers,
    collect() {
      this.set(counts.waiting);
    },
  });
  new Gauge({
    name: 'rekey_coalescing_hit_ratio',
    help: 'The share of these queries that needed no execution of their own, since the start.',
    registers,
    collect() {
      const hits = counts.waited + counts.handed + counts.kept;
      this.set(hits / Math.max(1, hits + counts.led + counts.alone));
    },
  });
  return {
    wait: new Histogram({
      name: 'rekey_coalescing_wait_seconds',
      help: 'How long requests waited for the result of another request.',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}

export type CoalescingMetrics = ReturnType<typeof createCoalescingMetrics>;
