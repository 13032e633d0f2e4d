import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntityManager } from '@mikro-orm/sql';
import { outcomeUnknown } from '../access/access-error.ts';
import type { Principal } from '../access/principal.ts';
import { type ConfirmCaller, UnitOfWork } from '../access/unit-of-work.ts';
import { cookieSecrets, forgetCookies, keepCookies } from '../auth/cookies.ts';
import { currentRequestId } from '../kernel/request-context.ts';
import { databaseDidNotAnswer } from '../kernel/sql-errors.ts';
import type { CookieJar, GraphQLContext, Services } from './context.ts';
import { createLoaders } from './loaders.ts';
import { Visibility } from './visibility.ts';

const LONGEST_USER_AGENT = 500;

export interface ContextFactoryOptions {
  services: Services;
  /** A fresh EntityManager. */
  fork: () => EntityManager;
  confirm: ConfirmCaller;
  clientAddress: (request: IncomingMessage) => string;
  /** Database time. */
  now: () => Date;
}

/** Makes what resolvers get, for one request at a time. */
export function createContextFactory({ services, fork, confirm, clientAddress, now }: ContextFactoryOptions) {
  return (request: IncomingMessage, response: ServerResponse, principal: Principal | null): GraphQLContext => {
    let reads: EntityManager | undefined;
    const em = () => (reads ??= fork());
    let changes = false;
    // What is read about a change is read after its commit: there is no reason to make it again.
    const explain = (error: unknown) => (changes && databaseDidNotAnswer(error) ? outcomeUnknown(error) : error);
    const origin = {
      ipAddress: clientAddress(request),
      userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
      requestId: currentRequestId() ?? '',
    };
    const coMembers = async (ids: string[]) => (principal ? services.workspaces.coMembers(em(), principal, ids) : []);
    const loaders = createLoaders(em, { coMembers, explain });
    return {
      services,
      principal,
      origin,
      loaders,
      visibility: new Visibility(principal, async (userId) => (await loaders.coMember.load(userId)) !== null),
      cookies: cookieJar(request, response),
      caller() {
        if (!principal) throw new Error('A guarded field was reached without a principal.');
        return principal;
      },
      em,
      unitOfWork() {
        changes = true;
        return new UnitOfWork(fork(), principal, origin, confirm);
      },
      now,
    };
  };
}

function cookieJar(request: IncomingMessage, response: ServerResponse): CookieJar {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  // A request that says who it comes from by itself is not the jar's, whatever a browser sends along.
  const { refresh } =
    authorization === undefined && apiKey === undefined ? cookieSecrets(request.headers) : { refresh: null };
  return {
    refreshToken: refresh,
    keep(tokens) {
      for (const cookie of keepCookies(tokens)) response.appendHeader('Set-Cookie', cookie);
      return { ...tokens, accessToken: '', refreshToken: '' };
    },
    forget() {
      if (refresh !== null) for (const cookie of forgetCookies()) response.appendHeader('Set-Cookie', cookie);
    },
  };
}
