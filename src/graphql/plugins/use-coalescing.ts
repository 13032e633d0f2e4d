import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, type GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Coalescing } from '../../coalescing/coalescing.ts';
import type { SharedOutcome } from '../../coalescing/outcome.ts';
import type { AcceptedCredential } from '../../credentials/cached-credential.ts';
import { AccessError, credentialRefused } from '../../identity/access-error.ts';
import type { GraphQLContext } from '../context.ts';
import { refusedRequest } from '../errors.ts';
import { type CoalescingPlan, createCoalescingPlans } from '../request/coalesced-fields.ts';
import type { ServerContext } from '../yoga.ts';
import type { AuthenticatedOperation, AuthenticationOptions } from './use-authentication.ts';
import type { ChosenOperation } from './use-operation.ts';

export interface CoalescingOptions extends Pick<AuthenticationOptions, 'createContext'> {
  coalescing: Coalescing;
  /** See `Authenticator.readAgain`. */
  readAgain: (request: IncomingMessage) => Promise<AcceptedCredential | null>;
}

type Context = YogaInitialContext & ServerContext & ChosenOperation & AuthenticatedOperation & GraphQLContext;
type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/**
 * Lets identical queries of one credential share an execution. It is the last step before the execution: the request is
 * authenticated, counted and checked as any other one.
 */
export function useCoalescing(
  schema: GraphQLSchema,
  options: CoalescingOptions,
): Plugin<GraphQLContext, ServerContext> {
  const planOf = createCoalescingPlans(schema);
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { accepted, document, operation } = args.contextValue as Context;
      if (accepted === null) return;
      const plan = planOf(document, operation);
      if (plan === null) return;
      setExecuteFn((given: ExecutionArgs) => shared(given, { accepted, plan, execute: executeFn as Execute, options }));
    },
  };
}

async function shared(args: ExecutionArgs, { accepted, plan, execute, options }: CallOf): Promise<ExecutionResult> {
  const context = args.contextValue as Context;
  const { variableValues } = args;
  const names = plan.variables.filter((name) => Object.hasOwn(variableValues ?? {}, name));
  const variables = Object.fromEntries(names.map((name) => [name, variableValues![name]]));
  try {
    const { result } = await options.coalescing.run({
      accepted,
      operation: { text: plan.text, variables },
      ttlMs: plan.ttlMs,
      timeoutMs: plan.timeoutMs,
      execute: (by, isShared) => executeBy(by, args, { isShared, accepted, execute, options }),
      record: (reads) => context.recordReads(reads),
      async readAgain() {
        const again = await options.readAgain(context.req);
        if (!again) throw credentialRefused();
        return again;
      },
      onDisconnect: context.onDisconnect,
    });
    return result as ExecutionResult;
  } catch (error) {
    throw error instanceof AccessError ? refusedRequest(error) : error;
  }
}

interface CallOf {
  accepted: AcceptedCredential;
  plan: CoalescingPlan;
  execute: Execute;
  options: CoalescingOptions;
}

/** Executes for this credential: that of the request, or a narrower one that it became meanwhile. */
async function executeBy(
  by: AcceptedCredential,
  args: ExecutionArgs,
  { isShared, accepted, execute, options }: Omit<CallOf, 'plan'> & { isShared: boolean },
): Promise<SharedOutcome> {
  const given = args.contextValue as Context;
  const { req: request, res: response } = given;
  const of = { request, response, principal: by.principal, isRefused: false, kind: OperationTypeNode.QUERY };
  const context = {
    ...(by === accepted ? given : { ...given, ...options.createContext({ ...of, subscription: null }) }),
    ...(isShared ? { onDisconnect: () => () => undefined } : {}),
  };
  const result = await execute({ ...args, contextValue: context });
  return { result, reads: context.personalReads };
}
