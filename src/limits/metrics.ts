import { Counter, Gauge, type Registry } from 'prom-client';
import type { Turns } from './turns.ts';

/** The metrics of rate limits. */
export function createLimitMetrics(registry: Registry) {
  return {
    exceeded: new Counter({
      name: 'rekey_limit_exceeded_total',
      help: 'Requests that were rejected because of a limit, by the limit.',
      labelNames: ['limit'] as const,
      registers: [registry],
    }),
  };
}

/** Exposes how many changes run and how many wait for their turn. */
export function exposeTurns(registry: Registry, turns: Pick<Turns, 'state'>): void {
  new Gauge({
    name: 'rekey_turns',
    help: 'Changes that run and changes that wait for their turn, by queue and state.',
    labelNames: ['queue', 'state'] as const,
    registers: [registry],
    collect() {
      for (const { queue, running, waiting } of turns.state()) {
        this.set({ queue, state: 'running' }, running);
        this.set({ queue, state: 'waiting' }, waiting);
      }
    },
  });
}
