import { Counter, Gauge, type Registry } from 'prom-client';
import type { CredentialLimit } from './credential-limit.ts';
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

/** Exposes the counts of credentials with a rate limit. */
export function exposeCredentialLimit(registry: Registry, { counts }: Pick<CredentialLimit, 'counts'>): void {
  new Counter({
    name: 'rekey_limited_requests_total',
    help: 'Accepted requests of credentials with a rate limit, by the place of the share that they used.',
    labelNames: ['share'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [share, count] of Object.entries(counts)) this.inc({ share }, count);
    },
  });
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
