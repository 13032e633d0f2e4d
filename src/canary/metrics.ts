import { Counter, Histogram, type Registry } from 'prom-client';
import { REVOCATION_BUCKETS } from '../revocation/metrics.ts';

/** The metrics of canary runs. */
export function createCanaryMetrics(registry: Registry) {
  const registers = [registry];
  const canaryReplicas = new Counter({
    name: 'rekey_canary_replicas_total',
    help: 'Replicas registered during canary runs coordinated by this replica, by outcome: refused, accepted, or silent (did not take part or did not respond).',
    labelNames: ['outcome'] as const,
    registers,
  });
  // An alert watches the increase. The first one must be an increase, too.
  for (const outcome of ['refused', 'accepted', 'silent']) canaryReplicas.inc({ outcome }, 0);
  return {
    canary: new Histogram({
      name: 'rekey_canary_seconds',
      help: 'Time from the revocation of a canary key until the last replica that had accepted it rejects it, by the clock of the database.',
      labelNames: ['propagation'] as const,
      buckets: REVOCATION_BUCKETS,
      registers,
    }),
    canaryFailures: new Counter({
      name: 'rekey_canary_failures_total',
      help: 'Replicas that accepted a canary key after its revocation receipt. Every value above 0 is a broken promise.',
      registers,
    }),
    canaryReplicas,
  };
}

export type CanaryMetrics = ReturnType<typeof createCanaryMetrics>;
