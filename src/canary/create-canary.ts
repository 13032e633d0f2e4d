import { randomUUID } from 'node:crypto';
import type { Principal } from '../identity/principal.ts';
import type { Part, Platform } from '../platform.ts';
import { Canary, type CanaryOptions } from './canary.ts';
import { createCanaryMetrics } from './metrics.ts';

/** Milliseconds between the starts of two runs. */
const EVERY_MS = 30_000;
/** How often a replica checks whether a run has begun, in the time between two runs. */
const LOOKS = 30;

export interface CanaryNeeds {
  introspect: (credential: string) => Promise<Principal | null>;
  persistKey: CanaryOptions['persistKey'];
}

/** The canary of this replica. It takes part in runs if it is enabled. */
export function createCanary(
  platform: Platform,
  { enabled, everyMs = EVERY_MS }: { enabled: boolean; everyMs?: number | undefined },
  needs: CanaryNeeds,
): Part & { canary: Canary } {
  const { database, barrier, keyring, databaseClock, logger, registry } = platform;
  const canary = new Canary({
    ...needs,
    sql: database.reads,
    fork: database.fork,
    barrier,
    keyring,
    clock: databaseClock,
    replica: randomUUID(),
    everyMs,
    logger,
    metrics: createCanaryMetrics(registry),
  });
  return {
    canary,
    timers: enabled ? [{ name: 'the canary', everyMs: everyMs / LOOKS, work: () => canary.look() }] : [],
    stop: () => canary.stop(),
  };
}
