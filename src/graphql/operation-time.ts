import { defaultFieldResolver, type GraphQLSchema, type OperationTypeNode } from 'graphql';
import type { WorkLimit } from '../database/unit-of-work.ts';
import { AccessError, tookTooLong } from '../identity/access-error.ts';
import type { GraphQLContext } from './context.ts';

/** How long an operation may take, in milliseconds. A subscription may last. */
export const LONGEST_OPERATION_MS = 10_000;

/**
 * The time of one operation. It is over after `LONGEST_OPERATION_MS`, and when the client disconnects.
 *
 * A query then stops, and what it has read is dropped. A mutation executes one field after the other:
 * - No further field begins.
 * - The field that runs stops, and changes nothing, unless it commits already. A commit and the wait for its propagation
 *   are always finished: without them, the caller would not know what has changed.
 * - If the client disconnects, the field that runs is finished. A client may disconnect because it waits for no answer.
 */
export class OperationTime implements WorkLimit {
  readonly isMutation: boolean;
  readonly #stop = new AbortController();
  readonly #stopped = Promise.withResolvers<never>();
  #over: AccessError | null = null;
  #isCommitting = false;

  constructor(kind: OperationTypeNode) {
    this.isMutation = kind === 'mutation';
    this.#stopped.promise.catch(() => undefined); // Often, no work waits for it.
  }

  /** Is aborted when the work must stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Rejects with the reason when the work must stop. */
  get stopped(): Promise<never> {
    return this.#stopped.promise;
  }

  /** The operation has taken too long. */
  expire(): void {
    this.#over ??= tookTooLong(this.isMutation);
    if (!this.#isCommitting) this.#end(this.#over);
  }

  /** The client waits for no answer any more. */
  abandon(): void {
    this.#over ??= new AccessError('TOO_SLOW', 'The client has disconnected.');
    if (!this.isMutation) this.#end(this.#over);
  }

  check(): void {
    this.#stop.signal.throwIfAborted();
  }

  beginCommit(): void {
    this.check();
    this.#isCommitting = true;
  }

  /** Runs a root field of a mutation. @throws AccessError `TOO_SLOW` if the time is over: then it has changed nothing */
  runField<T>(field: () => T | Promise<T>): T | Promise<T> {
    if (this.#over) throw this.#over;
    this.#isCommitting = false;
    const result = field();
    return result instanceof Promise ? Promise.race([result, this.stopped]) : result;
  }

  #end(reason: AccessError): void {
    this.#stop.abort(reason);
    this.#stopped.reject(reason);
  }
}

/** Lets the root fields of mutations run within the time of their operation. */
export function limitMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve = defaultFieldResolver } = field;
    field.resolve = (parent, args, context: GraphQLContext, info) =>
      context.time.runField(() => resolve(parent, args, context, info));
  }
  return schema;
}
