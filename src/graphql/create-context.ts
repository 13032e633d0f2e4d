import type { IncomingMessage } from 'node:http';
import type { EntityManager } from '@mikro-orm/sql';
import type { OperationTypeNode } from 'graphql';
import type { PersonalRead } from '../audit/personal-reads.ts';
import { presentedRefreshToken } from '../credentials/presented-credential.ts';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import { AccessError, outcomeUnknown } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { WorkOfRequests } from '../limits/request-work.ts';
import type { LiveSubscription } from '../live/live-subscription.ts';
import { coMembers, membershipsOf } from '../workspaces/workspace.queries.ts';
import type { GraphQLContext, Services } from './context.ts';
import { createLoaders } from './loaders.ts';
import { OperationTime } from './operation-time.ts';
import { type CookieResponse, TokenCookies } from './token-cookies.ts';
import { Visibility } from './visibility.ts';

const isUnavailable = (error: unknown) =>
  databaseDidNotAnswer(error) || (error instanceof AccessError && error.code === 'AUTHENTICATION_UNAVAILABLE');

export interface ContextFactoryOptions {
  services: Services;
  /** See `Database.fork`. */
  fork: (signal?: AbortSignal) => EntityManager;
  work: WorkOfRequests;
  /** Database time. */
  now: () => Date;
}

/** What the context of one operation is made from. */
export interface ContextOf {
  request: IncomingMessage;
  /** Takes the cookies of the response; null if there is no HTTP response, as over a WebSocket. */
  response: CookieResponse | null;
  principal: Principal | null;
  /** Whether the presented credential is not valid and counts as none. */
  isRefused: boolean;
  kind: OperationTypeNode;
  subscription: LiveSubscription | null;
}

/** Creates the context of resolvers, one for each request. */
export function createContextFactory(options: ContextFactoryOptions) {
  const { services, fork, work, now } = options;
  return ({ request, response, principal, isRefused, kind, subscription }: ContextOf): GraphQLContext => {
    const time = new OperationTime(kind);
    let reads: EntityManager | undefined;
    // The reads of a mutation belong to the answer about a change, which is finished.
    const em = () => (reads ??= fork(time.isMutation ? undefined : time.signal));
    let changes = false;
    // Reads about a change follow its commit. If one fails, the client must not be asked to repeat the change.
    const explain = (error: unknown) => (changes && isUnavailable(error) ? outcomeUnknown(error) : error);
    const origin = work.originOf(request);
    const sharingWorkspace = async (ids: string[]) => (principal ? coMembers(em(), principal, ids) : []);
    const personalReads: (readonly PersonalRead[])[] = [];
    const recordReads = async (reads: readonly PersonalRead[]) => {
      if (!principal) return;
      await services.personalReads.record({ principal, origin }, reads);
      personalReads.push(reads);
    };
    const loaders = createLoaders(em, services.credentialTypes, {
      coMembers: sharingWorkspace,
      memberships: (ids) => membershipsOf(em(), principal?.userId ?? null, ids),
      recordReads,
      explain,
      now,
    });
    return {
      services,
      principal,
      origin,
      subscription,
      loaders,
      personalReads,
      recordReads,
      time,
      visibility: new Visibility(principal, {
        sharesWorkspace: async (userId) => (await loaders.coMember.load(userId)) !== null,
        isMemberOf: async (workspaceId) => (await loaders.membership.load(workspaceId)) !== null,
      }),
      cookies: new TokenCookies(
        response,
        // Without a response, the cookie of the next token could not be set.
        response && presentedRefreshToken(request, services.credentialTypes.isOurs, isRefused),
        now,
      ),
      caller() {
        if (!principal) throw new Error('A guarded field was called without a principal.');
        return principal;
      },
      em,
      unitOfWork() {
        changes = true;
        return work.change(request, principal, time);
      },
      revocation() {
        changes = true;
        return work.revocation(request, principal, time);
      },
      now,
    };
  };
}
