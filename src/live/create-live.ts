import type { Authenticator } from '../credentials/authenticator.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { EventLog } from '../revocation/event-log.ts';
import type { live } from './live.feature.ts';
import type { LiveTimes } from './live-connection.ts';
import { LiveConnections } from './live-connections.ts';
import { createLiveMetrics } from './metrics.ts';

/** The live connections of this replica, and the log that they follow. */
export function createLive(
  { replica, feed, cache, clock, registry, database }: Platform,
  limits: ValuesOf<typeof live.variables>,
  { authenticator, times }: { authenticator: Authenticator; times?: Partial<LiveTimes> | undefined },
): Part & { connections: LiveConnections; log: EventLog } {
  const log = new EventLog({ replica, feed, sql: database.reads });
  const metrics = createLiveMetrics(registry);
  const connections = new LiveConnections({ authenticator, cache, replica, feed, clock, metrics, limits, times });
  return {
    connections,
    log,
    drain: () => connections.drain(),
    timers: [
      { name: 'checking live connections', everyMs: connections.times.everyMs, work: () => connections.sweep() },
    ],
  };
}
