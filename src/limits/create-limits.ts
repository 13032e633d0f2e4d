import { changesAtOnce } from '../database/database.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { Breaker } from '../redis/breaker.ts';
import { CredentialLimit } from './credential-limit.ts';
import type { limits as feature } from './limits.feature.ts';
import { Limits, type LimitsOptions, type RejectedCall } from './limits.ts';
import { createLimitMetrics, exposeCredentialLimit, exposeTurns } from './metrics.ts';
import { RateWindows } from './rate-windows.ts';
import { RedisShare } from './redis-share.ts';
import { Turns } from './turns.ts';

/** How long a mutation waits for its turn. Then it must still have time for the database: see `WaitingTime`. */
const LONGEST_WAIT_MS = 2000;
/** How long a request of a limited credential waits for Redis. Too short a time would strand requests that Redis took. */
const REDIS_TIMEOUT_MS = 100;
/** Milliseconds between two looks for shares that are not used. */
const GIVE_BACK_EVERY_MS = 1000;

/** The rate limits of this replica, and the turns of those who change something. */
export function createLimits(
  platform: Platform,
  rates: ValuesOf<typeof feature.variables>,
  { accountOf, exceeded: note }: Pick<LimitsOptions, 'accountOf'> & { exceeded: (call: RejectedCall) => void },
): Part & { limits: Limits; turns: Turns; credentials: CredentialLimit } {
  const { redis, database, connections, sealer, clock, redisOutage, logger, replica, registry } = platform;
  const metrics = createLimitMetrics(registry);
  const exceeded = (call: RejectedCall) => {
    metrics.exceeded.inc({ limit: call.limit });
    note(call);
  };
  const limits = new Limits({
    redis,
    sql: database.reads,
    clock,
    outage: redisOutage,
    replicas: () => replica.registeredReplicas,
    accountOf,
    hide: (key) => sealer.index({ table: 'auth_limits', column: 'key' }, key).toString('base64url'),
    exceeded,
    laneIsFull: () => metrics.exceeded.inc({ limit: 'limited-lookups' }),
    ...rates,
  });
  const turns = new Turns({
    changesAtOnce: changesAtOnce(connections.changes),
    revocationsAtOnce: connections.revocations,
    longestWaitMs: LONGEST_WAIT_MS,
    limited: () => metrics.exceeded.inc({ limit: 'turns' }),
  });
  exposeTurns(registry, turns);
  // The connections for what single requests write: they may wait for each other, and authentication must not.
  const windows = new RateWindows(database.nonces);
  const credentials = createCredentialLimit(platform, { windows, exceeded });
  exposeCredentialLimit(registry, credentials);
  return {
    limits,
    turns,
    credentials,
    jobs: { 'purging the limits': () => limits.purge(), 'purging the rate windows': () => windows.purge() },
    timers: [{ name: 'giving rate shares back', everyMs: GIVE_BACK_EVERY_MS, work: () => credentials.giveBack() }],
    async stop() {
      await limits.close();
      // What cannot be given back is lost until the end of its window.
      await credentials.giveBack({ all: true }).catch((err) => logger.debug({ err }, 'giving rate shares back failed'));
    },
  };
}

function createCredentialLimit(
  { redis, clock, logger, replica, redisOutage: outage }: Platform,
  { windows, exceeded }: { windows: RateWindows; exceeded: (call: RejectedCall) => void },
): CredentialLimit {
  const breaker = new Breaker({
    clock,
    timeoutMs: REDIS_TIMEOUT_MS,
    failures: 2,
    openMs: 1000,
    // Meanwhile, PostgreSQL hands out shares to each replica.
    onChange: (isOpen, cause) =>
      isOpen ? outage.failed(cause, 'taking a request of the share in Redis failed') : outage.worked(),
  });
  return new CredentialLimit({
    windows,
    redis: redis && new RedisShare({ redis, breaker, logger }),
    clock,
    leaseRemaining: () => replica.leaseRemaining(),
    databaseNow: () => replica.databaseNow(),
    replicas: () => replica.registeredReplicas,
    exceeded,
  });
}
