import { Audit } from '../audit/audit.ts';
import type { RevokedByPossession } from '../credentials/possession.ts';
import type { Platform } from '../platform.ts';
import { daemonTokenEvents } from './daemon-token.events.ts';
import { daemonTokenPossession } from './daemon-token.possession.ts';
import { DaemonTokenService, type DaemonTokenServiceOptions } from './daemon-token.service.ts';

/** Daemon tokens. */
export function createDaemonTokens(
  { barrier, databaseClock: clock }: Platform,
  needs: Pick<DaemonTokenServiceOptions, 'lockAccess' | 'keepBounds'>,
): { service: DaemonTokenService; possession: RevokedByPossession } {
  const audit = new Audit(daemonTokenEvents, clock);
  return {
    service: new DaemonTokenService({ audit, barrier, clock, ...needs }),
    possession: daemonTokenPossession({ audit, barrier, clock }),
  };
}
