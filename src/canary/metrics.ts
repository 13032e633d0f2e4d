import { Counter, Histogram, type Registry } from 'prom-client';
import { REVOCATION_BUCKETS } from '../revocation/metrics.ts';

/** What canary runs count. */
export function createCanaryMetrics(registry: Registry) {
  const registers = [registry];
  return {
    canary: new Histogram({
      name: 'rekey_canary_seconds',
      help: 'From the revocation of a canary to the refusal of the last replica that had let it in, by the clock of the database.',
      labelNames: ['propagation'] as const,
      buckets: REVOCATION_BUCKETS,
      registers,
    }),
    canaryFailures: new Counter({
      name: 'rekey_canary_failures_total',
      help: 'Canaries that some replica let in after their receipt. Anything but 0 is a broken promise.',
      registers,
    }),
    canaryReplicas: new Counter({
      name: 'rekey_canary_replicas_total',
      help: 'Replicas registered during canary runs coordinated by this replica, by outcome: refused, accepted, or silent where one did not take part or did not answer.',
      labelNames: ['outcome'] as const,
      registers,
    }),
  };
}

export type CanaryMetrics = ReturnType<typeof createCanaryMetrics>;
