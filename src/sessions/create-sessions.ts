import { Audit } from '../audit/audit.ts';
import type { Rejections } from '../audit/rejections.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Limits } from '../limits/limits.ts';
import type { Part, Platform } from '../platform.ts';
import { jwtKeyTag } from '../revocation/tags.ts';
import { AccessTokens } from './access-token.ts';
import { JwtKeys } from './jwt-keys.ts';
import { purge } from './purge.ts';
import { RefreshService } from './refresh.service.ts';
import { sessionEvents } from './session.events.ts';
import { accessTokenPossession, refreshTokenPossession } from './session.possession.ts';
import { SessionService } from './session.service.ts';
import type { sessionVariables } from './session.variables.ts';

/** Sessions, their tokens, and the keys that sign these. */
export function createSessions(
  { database, keyring, sealer, databaseClock: clock, replica, feed, barrier, logger }: Platform,
  config: ValuesOf<typeof sessionVariables>,
  { limits, rejections }: { limits: Limits; rejections: Pick<Rejections, 'note'> },
) {
  const audit = new Audit(sessionEvents, clock);
  const jwtKeys = new JwtKeys({ sql: database.reads, fork: database.fork, sealer, audit, clock });
  const load = () => void jwtKeys.load().catch((err) => logger.warn({ err }, 'loading the JWT keys failed'));
  feed.listen({ invalidated: (tag) => tag.startsWith(jwtKeyTag('')) && load(), everything: load });
  const accessTokens = new AccessTokens({
    keys: jwtKeys,
    issuer: config.issuer,
    lifetimeSeconds: config.accessTokenSeconds,
    now: () => replica.databaseNow(),
  });
  const common = { accessTokens, audit, barrier, clock, idleSeconds: config.refreshIdleSeconds, limits };
  const refresh = new RefreshService({ ...common, rejections, keyring, graceSeconds: config.refreshGraceSeconds });
  const service = new SessionService({ ...common, absoluteSeconds: config.refreshAbsoluteSeconds, refresh });
  return {
    jwtKeys,
    accessTokens,
    service,
    refresh,
    possession: [refreshTokenPossession(refresh), accessTokenPossession(accessTokens, service)],
    purge: () => purge(database.reads),
    jobs: { 'purging the JWT keys': () => jwtKeys.purge(), 'purging sessions': () => purge(database.reads) },
    start: () => jwtKeys.load(),
  } satisfies Part & Record<string, unknown>;
}
