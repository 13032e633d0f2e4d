import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptedType } from './accept.ts';
import { createHtmlPage, type PageContent } from './html-page.ts';
import { charsetIsUtf8, decodeUtf8, mediaTypeOf, readBody } from './read-body.ts';
import { respondJson } from './respond.ts';

const LARGEST_BODY = 256 * 1024;

export interface GraphQLEndpointOptions {
  /** GraphiQL. Called once, at the first request for it. */
  page: () => Promise<PageContent>;
  /** Executes the operation in this body, which is declared as JSON, and responds in this media type. */
  answer: (operation: {
    rawBody: Buffer;
    body: string;
    accept: string;
    req: IncomingMessage;
    res: ServerResponse;
  }) => Response | Promise<Response>;
}

/**
 * GraphQL over HTTP: operations are JSON, sent by POST and in no other way. A browser that requests a page
 * gets GraphiQL. Any web page could send forms, multipart and text without a preflight request, and a GET
 * writes the document into logs.
 *
 * Responses contain secrets or depend on one, so they must not be stored.
 */
export function createGraphQLEndpoint({ page, answer }: GraphQLEndpointOptions) {
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
    const operation = { rawBody: body, body: text, accept, req: request, res: response };
    return send(await answer(operation), response);
  };
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  respondJson(response, status, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }, headers);
}

/** Sends the whole response at once, for every media type: no operation of the schema is incremental. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  const text = await answer.text();
  response.statusCode = answer.status;
  response.setHeaders(answer.headers);
  response.setHeader('Cache-Control', 'no-store'); // Also replaces the `no-cache` that Yoga sets for event streams.
  response.end(text);
}
