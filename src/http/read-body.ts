import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { trimOws } from '../kernel/white-space.ts';

/** What a request says its body is, in lower case and without parameters. */
export function mediaTypeOf(request: IncomingMessage): string | undefined {
  const type = request.headers['content-type'];
  return type === undefined ? undefined : trimOws(type.split(';', 1)[0]!).toLowerCase();
}

// A parameter of a media type (RFC 9110 §5.6.6): `charset=utf-8` or `charset="utf-8"`.
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^;\s]*)/gi;
const UTF8 = /^utf-?8$/i;

/**
 * Whether a request says that its body is UTF-8, or does not say how its body is encoded. Every `charset` must agree:
 * a body is never read in another encoding than the one it is written in.
 */
export function charsetIsUtf8(request: IncomingMessage): boolean {
  const type = request.headers['content-type'];
  if (type === undefined || !type.includes(';')) return true;
  for (const [, value] of type.matchAll(CHARSET)) {
    const charset = value!.startsWith('"') ? value!.slice(1, -1).replace(/\\(.)/g, '$1') : value!;
    if (!UTF8.test(charset)) return false;
  }
  return true;
}

/**
 * The text of a body; null where its bytes are not well-formed UTF-8. Replacing such bytes would make different bodies
 * equal. A byte order mark stays in the text, where JSON (RFC 8259 §8.1) and forms have no place for it.
 */
export function decodeUtf8(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}

/** Above this many pieces they are put together: each costs some hundred bytes of memory, however small it is. */
const MOST_PIECES = 512;

/**
 * The body of a request; null as soon as it is known to be larger than this many bytes. What still comes of it then is
 * read and dropped, so that the connection serves the next request.
 *
 * By events, for a stream's iterator costs more than all else that is done for a small body.
 *
 * @throws the request's own error, where the client hangs up
 */
export function readBody(request: IncomingMessage, largest: number): Promise<Buffer | null> {
  // Whoever hung up before we came to listen is not heard of again.
  if (request.errored) return Promise.reject(request.errored);
  if (Number(request.headers['content-length']) > largest) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > largest) {
        pieces = [];
        resolve(null);
        return;
      }
      pieces.push(piece);
      if (pieces.length > MOST_PIECES) pieces = [Buffer.concat(pieces)];
    });
    request.once('end', () => resolve(Buffer.concat(pieces)));
    request.once('error', reject);
  });
}
