import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from '../../kernel/logger.ts';
import { currentRequestId } from '../../kernel/request-context.ts';
import type { GraphQLContext } from '../context.ts';
import type { OperationTime } from '../operation-time.ts';
import type { ServerContext } from '../yoga.ts';

export interface TimeLimitOptions {
  longestMs: number;
  logger: Logger;
}

type Context = GraphQLContext & ServerContext;

/** Stops operations that take too long, or whose client has disconnected: see `OperationTime`. Subscriptions may last. */
export function useTimeLimit({ longestMs, logger }: TimeLimitOptions): Plugin<GraphQLContext, ServerContext> {
  const limit = async (
    running: Promise<ExecutionResult>,
    { time, onDisconnect }: Context,
  ): Promise<ExecutionResult> => {
    const expire = () => {
      logger.warn({ requestId: currentRequestId() }, 'an operation took too long');
      time.expire();
    };
    // One more turn of the event loop: if this process was late, a result that has arrived still counts.
    const timer = setTimeout(() => setImmediate(expireUnlessDone), longestMs);
    let isDone = false;
    const expireUnlessDone = () => {
      if (!isDone) expire();
    };
    const forget = onDisconnect(() => time.abandon());
    try {
      return await resultWithin(time, running);
    } finally {
      isDone = true;
      clearTimeout(timer);
      forget();
    }
  };
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const result: ExecutionResult | Promise<ExecutionResult> = executeFn(args);
        return result instanceof Promise ? limit(result, args.contextValue) : result;
      });
    },
  };
}

/** The result of an operation, also if it was stopped. The fields of a mutation stop by themselves. */
async function resultWithin(time: OperationTime, running: Promise<ExecutionResult>): Promise<ExecutionResult> {
  if (time.isMutation) return running;
  try {
    return await Promise.race([running, time.stopped]);
  } catch (originalError) {
    // The error is masked like those of fields.
    return { data: null, errors: [new GraphQLError('', { originalError: originalError as Error })] };
  }
}
