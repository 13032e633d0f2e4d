import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AccountService, userEviction } from './accounts/account.service.ts';
import { EmailVault } from './accounts/email.ts';
import { Passwords } from './accounts/password.ts';
import { SetupToken } from './accounts/setup-token.ts';
import { apiKeyCredential, apiKeyEviction } from './api-keys/api-key.credential.ts';
import { ApiKeyService } from './api-keys/api-key.service.ts';
import { Audit } from './audit/audit.ts';
import { Canary } from './canary/canary.ts';
import type { Config } from './config.ts';
import { Authenticator } from './credentials/authenticator.ts';
import { AuthCache } from './credentials/cache/auth-cache.ts';
import { type EvictionRule, EvictionSubscriber } from './credentials/cache/eviction-subscriber.ts';
import { connectSharedCache } from './credentials/cache/shared-cache.ts';
import { LastUsed } from './credentials/last-used.ts';
import { createKeyring } from './crypto/keyring.ts';
import { embeddedMasterKey } from './database/data-directory.ts';
import { CHANGES_AT_ONCE, openDatabase, RESERVED_CONNECTIONS } from './database/database.ts';
import { DatabaseHealth } from './database/health.ts';
import { requireMasterKeys } from './database/master-key-check.ts';
import type { ConfirmCaller } from './database/unit-of-work.ts';
import type { Services } from './graphql/context.ts';
import { createContextFactory } from './graphql/create-context.ts';
import { createGraphQL } from './graphql/yoga.ts';
import { createClientAddress } from './http/client-address.ts';
import { createMetricsEndpoint } from './http/metrics.ts';
import { createRouter } from './http/router.ts';
import { createRoutes } from './http/routes.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { createLogger, type Logger } from './kernel/logger.ts';
import { createMetrics } from './kernel/metrics.ts';
import { Limits } from './limits/limits.ts';
import { Turns } from './limits/turns.ts';
import { createRedisClient } from './redis/client.ts';
import { PropagationBarrier } from './revocation/propagation-barrier.ts';
import { patienceMs, Replica } from './revocation/replica.ts';
import { jwtKeyTag } from './revocation/tags.ts';
import { AccessTokens } from './sessions/access-token.ts';
import { JwtKeys } from './sessions/jwt-keys.ts';
import { purge } from './sessions/purge.ts';
import { RefreshService } from './sessions/refresh.service.ts';
import { sessionCredential, sessionEviction } from './sessions/session.credential.ts';
import { SessionService } from './sessions/session.service.ts';
import { isMember } from './workspaces/workspace.queries.ts';
import { WorkspaceService } from './workspaces/workspace.service.ts';

/** What tests and benchmarks put in the place of the real thing. */
export interface Overrides {
  clock?: Clock;
  logger?: Logger;
  /** Between two rounds of housekeeping. */
  housekeepingMs?: number;
  /** Between two runs of the canary. */
  canaryMs?: number;
  /** Keeps the embedded database in memory. */
  inMemory?: boolean;
  /** An embedded database to start from, as `dumpDataDir` wrote it. */
  embeddedTemplate?: Blob;
}

/** Everything of one replica, made and wired, and ready to answer once `start` has resolved. */
export type App = Awaited<ReturnType<typeof createApp>>;

/** The one place where things are made and handed to each other. */
export async function createApp(config: Config, overrides: Overrides = {}) {
  const clock = overrides.clock ?? systemClock;
  const logger = overrides.logger ?? createLogger({ level: config.logLevel });
  const metrics = createMetrics();
  const dataDirectory = config.databaseUrl || overrides.inMemory ? null : config.dataDirectory;
  const keyring = createKeyring(config.masterKey ?? embeddedMasterKey(dataDirectory), config.retiredMasterKeys);
  const longestEntryMs = config.cacheSeconds * 1000;
  const inBackground = (what: string, work: Promise<unknown>) =>
    void work.catch((err) => logger.warn({ err }, `${what} failed`));

  // The database, and this replica's view of its invalidation log. The subscriber needs both and is needed by the
  // first: it gets to know them by closure.
  const database = await openDatabase({
    url: config.databaseUrl,
    dataDirectory,
    embeddedTemplate: overrides.embeddedTemplate,
    syncTimeoutMs: patienceMs(config.leaseMs),
    logger,
    subscribers: [
      new EvictionSubscriber({
        rules: [apiKeyEviction, sessionEviction, userEviction] as unknown as EvictionRule[],
        evict: (fingerprints) => cache.evict(fingerprints),
        committed: () => replica.requestSync(),
        logger,
      }),
    ],
  });
  const replica = new Replica({
    sql: database.sync,
    notifications: database.notifications,
    clock,
    logger,
    metrics,
    newReplicaId: randomUUID,
    invalidated: (tag) => {
      if (tag === '*' || tag.startsWith(jwtKeyTag('')))
        inBackground('loading the keys of access tokens', jwtKeys.load());
    },
    leaseMs: config.leaseMs,
    longestEntryMs,
  });
  const databaseClock: Clock = { now: () => new Date(replica.databaseNow()), monotonic: () => clock.monotonic() };
  const barrier = new PropagationBarrier({
    replica,
    sql: database.propagation,
    spare: database.reads,
    clock,
    logger,
    metrics,
  });

  // Who is this?
  const redis = config.redisUrl ? createRedisClient(config.redisUrl, logger) : null;
  const shared = redis && connectSharedCache({ redis, keyring, clock, logger, metrics });
  const cache = new AuthCache({ replica, shared, logger, longestEntryMs, entries: config.cacheEntries });
  const jwtKeys = new JwtKeys({
    sql: database.reads,
    fork: database.fork,
    keyring,
    clock: databaseClock,
  });
  const accessTokens = new AccessTokens({
    keys: jwtKeys,
    issuer: config.issuer,
    lifetimeSeconds: config.accessTokenSeconds,
    now: () => replica.databaseNow(),
  });
  const emails = new EmailVault(keyring);
  const limits = new Limits({
    redis,
    sql: database.reads,
    clock,
    logger,
    replicas: () => replica.registeredReplicas,
    accountOf: (email) => emails.nameOf(email),
    ...config,
  });
  const turns = new Turns({
    changesAtOnce: CHANGES_AT_ONCE,
    revocationsAtOnce: RESERVED_CONNECTIONS,
    patienceMs: PATIENCE_MS,
  });
  const lastUsed = new LastUsed({
    sql: database.reads,
    clock,
    logger,
    now: () => replica.databaseNow(),
    windowSeconds: config.lastUsedSeconds,
    entries: config.cacheEntries,
  });
  const credentials = { apiKey: apiKeyCredential(database.reads), session: sessionCredential(database.reads) };
  const authenticator = new Authenticator({
    cache,
    apiKeys: credentials.apiKey,
    sessions: credentials.session,
    accessTokens,
    lastUsed,
    failures: limits.failures,
  });
  const addressOf = createClientAddress(config.trustedProxies);
  const clientAddress = (request: IncomingMessage) =>
    addressOf(request.socket.remoteAddress, request.headers['x-forwarded-for']);
  const authenticate = (request: IncomingMessage) => authenticator.authenticate(request, () => clientAddress(request));

  // What can be asked for.
  const audit = new Audit(databaseClock);
  const setupToken = new SetupToken(config.setupToken);
  const workspaces = new WorkspaceService({ audit, clock: databaseClock });
  const refresh = new RefreshService({
    accessTokens,
    audit,
    barrier: barrier,
    keyring,
    clock: databaseClock,
    idleSeconds: config.refreshIdleSeconds,
    graceSeconds: config.refreshGraceSeconds,
    limits,
  });
  const sessions = new SessionService({
    accessTokens,
    audit,
    barrier: barrier,
    clock: databaseClock,
    idleSeconds: config.refreshIdleSeconds,
    absoluteSeconds: config.refreshAbsoluteSeconds,
    limits,
    refresh,
  });
  const services: Services = {
    accounts: new AccountService({
      sessions,
      passwords: new Passwords(config.passwordMinLength),
      limits,
      emails,
      setupToken,
      audit,
      barrier: barrier,
      clock: databaseClock,
      registration: config.registration,
    }),
    emails,
    sessions,
    refresh,
    apiKeys: new ApiKeyService({
      reads: database.reads,
      audit,
      barrier: barrier,
      clock: databaseClock,
      maxPerUser: config.apiKeysPerUser,
      isMember,
    }),
    workspaces,
    introspect: (credential) => authenticator.introspect(credential),
  };
  const confirm: ConfirmCaller = (em, caller, changing) => credentials[caller.kind].confirm(em, caller, changing);

  const canaryMs = overrides.canaryMs ?? CANARY_MS;
  const canary = new Canary({
    sql: database.reads,
    fork: database.fork,
    introspect: services.introspect,
    barrier: barrier,
    emails,
    keyring,
    clock: databaseClock,
    replica: randomUUID(),
    everyMs: canaryMs,
    logger,
    metrics,
  });

  // The doors.
  const graphql = createGraphQL({
    logger,
    authenticate,
    createContext: createContextFactory({
      services,
      fork: database.fork,
      forkReserved: database.forkReserved,
      turns,
      confirm,
      clientAddress,
      now: databaseClock.now,
    }),
  });
  const health = new DatabaseHealth(database.reads, () => clock.monotonic());
  const routes = createRoutes({
    graphql,
    authenticate,
    introspect: services.introspect,
    issuer: config.issuer,
    jwtKeys,
    readiness: {
      database: () => health.problem(),
      leaseHeld: () => replica.leaseRemaining() > 0,
      sharedCache: shared && (() => shared.state()),
    },
    scrape: createMetricsEndpoint(metrics, {
      replica,
      cache,
      authenticator,
      databaseAnswers: () => health.answers(),
    }),
  });

  const housekeeping = {
    'tidying the invalidation log': () => barrier.purge(),
    'tidying the keys of access tokens': () => jwtKeys.purge(),
    'tidying the limits': () => limits.purge(),
    purging: () => purge(database.reads),
  };
  const timers: NodeJS.Timeout[] = [];
  const every = (milliseconds: number, what: string, work: () => Promise<unknown>) =>
    timers.push(setInterval(() => inBackground(what, work()), milliseconds).unref());

  return {
    config,
    logger,
    database,
    replica,
    authenticator,
    cache,
    shared,
    services,
    canary,
    jwtKeys,
    barrier,
    metrics,
    /** What every replica does by itself, once a minute. */
    housekeeping,
    handle: createRouter(routes, logger),

    /** To be called before anything is written. */
    requireMasterKeys: () => requireMasterKeys(database.fork(), keyring),

    /**
     * Migrates, takes part in the protocol between replicas, and loads what has to be there for the first request. Without
     * migrating, it rejects where the schema is not up to date.
     */
    async start({ migrate = true } = {}): Promise<void> {
      await requireMasterKeys(database.fork(), keyring);
      await (migrate ? database.migrate() : database.requireCurrentSchema());
      await replica.start();
      await jwtKeys.load();
      const housekeepingMs = overrides.housekeepingMs ?? HOUSEKEEPING_MS;
      for (const [what, work] of Object.entries(housekeeping)) every(housekeepingMs, what, work);
      if (config.canary) every(canaryMs / CANARY_LOOKS, 'the canary', () => canary.look());
    },

    /** The setup token to show to the operator, where one was made. */
    announceSetupToken: ({ replace = config.databaseUrl === null } = {}) =>
      setupToken.announce(database.fork(), replace),

    /** Stops taking part, and writes down what is still only in memory. Call it when the last request is answered. */
    async close(): Promise<void> {
      for (const timer of timers) clearInterval(timer);
      await canary.stop();
      await lastUsed.flush();
      barrier.stop();
      await replica.stop().catch((error) => logger.warn({ err: error }, 'leaving without saying goodbye'));
      await limits.close();
      redis?.destroy();
      await database.close();
    },
  };
}

const HOUSEKEEPING_MS = 60_000;
const CANARY_MS = 30_000;
/** How long a mutation waits for its turn. */
const PATIENCE_MS = 2000;
/** How often a replica looks whether a run has begun, in the time between two runs. */
const CANARY_LOOKS = 30;
