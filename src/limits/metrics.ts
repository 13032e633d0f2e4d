import { Counter, type Registry } from 'prom-client';
import type { CredentialLimit } from './credential-limit.ts';

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
