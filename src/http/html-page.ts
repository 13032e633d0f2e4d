import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { COMMON_HEADERS } from './respond.ts';

/** gzip is named, and without a weight of zero (RFC 9110 §12.5.3). */
const ACCEPTS_GZIP = /(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i;

export interface PageContent {
  html: string;
  /** What the page may load, and where it may connect to. */
  contentSecurityPolicy: string;
}

/**
 * Serves a page to browsers. Other sites must not read or frame it, and it must not be stored.
 *
 * @param content called once, at the first request
 */
export function createHtmlPage(content: () => Promise<PageContent>) {
  let prepared: Promise<ReturnType<typeof prepare>> | undefined;
  // A quarter of its size. It is compressed once.
  let compressed: Promise<Buffer> | undefined;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { plain, headers } = await (prepared ??= content().then(prepare));
    const zipped = ACCEPTS_GZIP.test(request.headers['accept-encoding'] ?? '');
    const body = zipped ? await (compressed ??= promisify(gzip)(plain)) : plain;
    if (zipped) response.setHeader('Content-Encoding', 'gzip');
    response.writeHead(200, { ...headers, 'Content-Length': body.length });
    response.end(body);
  };
}

function prepare({ html, contentSecurityPolicy }: PageContent) {
  const headers = {
    ...COMMON_HEADERS,
    'Content-Security-Policy': contentSecurityPolicy,
    'Content-Type': 'text/html; charset=utf-8',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
  };
  return { plain: Buffer.from(html), headers };
}
