import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import { deliverable } from '../live/deliverable.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import { explanationOf, type LiveEnd } from '../live/live-end.ts';

/** How long a client may take to read the end of the stream, in milliseconds. */
const LINGER_MS = 2_000;
/** A line that clients ignore. The first one shows the client, and every proxy, that the stream is open. */
const COMMENT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

const eventOf = (result: FormattedExecutionResult) => `event: next\ndata: ${JSON.stringify(result)}\n\n`;

/**
 * Sends the results of a subscription as server-sent events, in the "distinct connections mode" of the GraphQL over SSE
 * protocol (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each result, then `complete`.
 * Heartbeats are comments. If the service ends the stream, an error with a code comes before `complete`.
 *
 * @returns when the stream has ended
 */
export async function sendEventStream(
  response: ServerResponse,
  source: AsyncIterable<FormattedExecutionResult>,
  connection: LiveConnection,
): Promise<void> {
  const results = deliverable(source, connection);
  const stop = () => void results.return?.().catch(() => undefined);
  if (response.destroyed) return stop();
  response.once('close', stop);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no', // nginx would wait for more data.
  });
  response.write(COMMENT);
  connection.attach({
    socket: response.req.socket, // A response that waits for an earlier one on the same connection has none.
    beat: () => void response.write(COMMENT),
    end(reason) {
      finish(response, reason);
      stop();
    },
  });
  for await (const result of results) {
    if (connection.ended !== null) break; // It has ended after the check, in the same turn.
    if (!response.write(eventOf(result)) && !response.destroyed) await drained(response);
  }
  if (connection.ended === null) response.end(COMPLETE);
}

/** Resolves when the client has read what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  const done = new AbortController();
  const events = ['drain', 'close'].map((event) => once(response, event, { signal: done.signal }));
  await Promise.race(events.map((event) => event.catch(() => undefined)));
  done.abort();
}

function finish(response: ServerResponse, reason: LiveEnd): void {
  const explanation = explanationOf(reason);
  if (explanation) {
    const { message, code } = explanation;
    const error = { message, extensions: { code } };
    response.write(`event: next\ndata: ${JSON.stringify({ errors: [error] })}\n\n`);
  }
  response.end(COMPLETE);
  const linger = setTimeout(() => response.destroy(), LINGER_MS);
  response.once('close', () => clearTimeout(linger));
  response.once('finish', () => clearTimeout(linger));
}
