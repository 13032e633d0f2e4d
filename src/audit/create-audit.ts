import type { Part, Platform } from '../platform.ts';
import { AuditKeys } from './audit-keys.ts';
import { AuditChain } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';

/** Milliseconds between two runs of the chain, and between two searches for chains that need a checkpoint. */
const CHAIN_EVERY_MS = 1000;
const SIGN_EVERY_MS = 10_000;

/** The hash chains of the audit log. Each feature records its own events. */
export function createAudit({ database, keyring, clock, databaseClock }: Platform) {
  const { reads, fork } = database;
  const chain = new AuditChain({ reads, fork, keyring, clock });
  const checkpoints = new Checkpoints({
    fork,
    keys: new AuditKeys({ keyring, clock: databaseClock }),
    clock: databaseClock,
  });
  return {
    chain,
    checkpoints,
    timers: [
      { name: 'chaining the audit log', everyMs: CHAIN_EVERY_MS, work: () => chain.chain() },
      { name: 'signing the audit log', everyMs: SIGN_EVERY_MS, work: () => checkpoints.sign() },
    ],
    stop: () => chain.close(),
  } satisfies Part & Record<string, unknown>;
}
