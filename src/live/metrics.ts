import { Counter, Gauge, type Registry } from 'prom-client';

/** The metrics of live connections. */
export function createLiveMetrics(registry: Registry) {
  const registers = [registry];
  const rejected = new Counter({
    name: 'rekey_live_connections_rejected_total',
    help: 'Live connections that were not admitted, by the limit.',
    labelNames: ['limit'] as const,
    registers,
  });
  // An alert watches the increase. The first one must be an increase, too.
  for (const limit of ['process', 'address', 'credential']) rejected.inc({ limit }, 0);
  return {
    open: new Gauge({
      name: 'rekey_live_connections',
      help: 'Open live connections by kind.',
      labelNames: ['kind'] as const,
      registers,
    }),
    ended: new Counter({
      name: 'rekey_live_connections_ended_total',
      help: 'Live connections that the service has ended, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    rejected,
  };
}

export type LiveMetrics = ReturnType<typeof createLiveMetrics>;
