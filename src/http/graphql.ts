import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import type { LiveConnections } from '../live/live-connections.ts';
import { LiveSubscription } from '../live/live-subscription.ts';
import { acceptedType, acceptsEventStream } from './accept.ts';
import { sendEventStream } from './event-stream.ts';
import { createHtmlPage, type PageContent } from './html-page.ts';
import { charsetIsUtf8, decodeUtf8, mediaTypeOf, readBody } from './read-body.ts';
import { respondJson } from './respond.ts';

const LARGEST_BODY = 256 * 1024;

/** An operation as it came over HTTP. */
export interface GraphQLRequest {
  req: IncomingMessage;
  res: ServerResponse;
  /** The body as it arrived, and its text, which is declared as JSON. */
  rawBody: Buffer;
  body: string;
  /** The media type of the response. */
  accept: string;
  /** Gives a subscription its place among the live connections; null if the client cannot read a stream. */
  connect: ((accepted: AcceptedCredential | null) => LiveSubscription) | null;
  /** Calls the listener when the client disconnects. Returns a function that removes it. */
  onDisconnect: (listener: () => void) => () => void;
}

export interface GraphQLEndpointOptions {
  /** GraphiQL. Called once, at the first request for it. */
  page: () => Promise<PageContent>;
  /** Executes the operation: a response in this media type, or the results of a subscription. */
  answer: (operation: GraphQLRequest) => Promise<Response | AsyncIterable<FormattedExecutionResult>>;
  live: LiveConnections;
  addressOf: (request: IncomingMessage) => string;
}

/**
 * GraphQL over HTTP: operations are JSON, sent by POST and in no other way. A subscription is answered with server-sent
 * events. A browser that requests a page
 * gets GraphiQL. Any web page could send forms, multipart and text without a preflight request, and a GET
 * writes the document into logs.
 *
 * Responses contain secrets or depend on one, so they must not be stored.
 */
export function createGraphQLEndpoint({ page, answer, live, addressOf }: GraphQLEndpointOptions) {
  const respond = async (
    request: IncomingMessage,
    response: ServerResponse,
    content: Pick<GraphQLRequest, 'rawBody' | 'body' | 'accept'>,
  ): Promise<void> => {
    let connection: LiveConnection | null = null;
    const connect = (accepted: AcceptedCredential | null) => {
      connection = live.admit('event-stream', addressOf(request));
      if (accepted) connection.authenticate(accepted, request);
      return new LiveSubscription(connection);
    };
    const readsStreams = acceptsEventStream(request.headers.accept);
    try {
      const outcome = await answer({
        req: request,
        res: response,
        ...content,
        connect: readsStreams ? connect : null,
        onDisconnect(listener) {
          response.once('close', listener); // Before the response is sent, this is the end of the connection.
          return () => void response.off('close', listener);
        },
      });
      if (Symbol.asyncIterator in outcome) await sendEventStream(response, outcome, connection!);
      else await send(outcome, response);
    } finally {
      (connection as LiveConnection | null)?.release();
    }
  };
  const sendPage = createHtmlPage(page);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET' && request.headers.accept?.includes('text/html')) {
      return sendPage(request, response);
    }
    if (request.method !== 'POST') {
      const message = 'Send GraphQL operations by POST. For GraphiQL, open this URL in a browser.';
      return refuse(response, 405, message, { Allow: 'POST' });
    }
    if (mediaTypeOf(request) !== 'application/json') {
      return refuse(response, 415, 'Send GraphQL operations with `Content-Type: application/json`.');
    }
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') return refuse(response, 415, 'The body must not be compressed.');
    if (!charsetIsUtf8(request)) return refuse(response, 415, 'The body must be encoded in UTF-8.');
    // Before the execution: a client that cannot read the response would lose the secret in it.
    const accept = acceptedType(request.headers.accept);
    if (!accept)
      return refuse(response, 406, '`Accept` must allow application/json or application/graphql-response+json.');
    const body = await readBody(request, LARGEST_BODY);
    if (!body) return refuse(response, 413, `The body must have at most ${LARGEST_BODY} bytes.`);
    const text = decodeUtf8(body);
    if (text === null) return refuse(response, 400, 'The body must be well-formed UTF-8.');
    return respond(request, response, { rawBody: body, body: text, accept });
  };
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  respondJson(response, status, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }, headers);
}

/** Sends the whole response at once. Subscriptions are streams, and no other operation of the schema is incremental. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  const text = await answer.text();
  response.statusCode = answer.status;
  response.setHeaders(answer.headers);
  response.setHeader('Cache-Control', 'no-store'); // Also replaces the `no-cache` that Yoga sets for event streams.
  response.end(text);
}
