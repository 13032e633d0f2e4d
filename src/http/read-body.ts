import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { signatureRefused } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';

/** The declared media type of the body, in lower case and without parameters. */
export function mediaTypeOf(request: IncomingMessage): string | undefined {
  const type = request.headers['content-type'];
  return type === undefined ? undefined : trimOws(type.split(';', 1)[0]!).toLowerCase();
}

// A parameter of a media type (RFC 9110 §5.6.6): `charset=utf-8` or `charset="utf-8"`.
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^;\s]*)/gi;
const UTF8 = /^utf-?8$/i;

/**
 * Whether a request declares its body as UTF-8, or declares no encoding. Every `charset` must agree: a body is never
 * decoded in another encoding than the one it is written in.
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
 * The text of a body; null if its bytes are not well-formed UTF-8. Replacing such bytes would make different bodies
 * equal. A byte order mark stays in the text, where JSON (RFC 8259 §8.1) and forms do not allow it.
 */
export function decodeUtf8(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}

/**
 * A body that a signature covers.
 *
 * @throws AccessError if it is too large to be read: the signature is that of a body that is not
 */
export function bodyToProve(body: Buffer | null): Buffer {
  if (!body) throw signatureRefused('SIGNATURE_INVALID');
  return body;
}

/** Above this number the pieces are joined: each costs some hundred bytes of memory, however small it is. */
const MOST_PIECES = 512;

/**
 * The body of a request; null as soon as it is known to be larger than `largest` bytes. The rest of it is not read here:
 * the server drops it after the response.
 *
 * It uses events, because the iterator of a stream costs more than everything else that a small body needs.
 *
 * @throws the error of the request if the client disconnects
 */
export function readBody(request: IncomingMessage, largest: number): Promise<Buffer | null> {
  // If the client disconnected before, no event follows.
  if (request.errored) return Promise.reject(request.errored);
  if (Number(request.headers['content-length']) > largest) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = [];
    let size = 0;
    const read = (piece: Buffer) => {
      size += piece.length;
      if (size > largest) {
        request.off('data', read).pause();
        resolve(null);
        return;
      }
      pieces.push(piece);
      if (pieces.length > MOST_PIECES) pieces = [Buffer.concat(pieces)];
    };
    request.on('data', read);
    request.once('end', () => resolve(Buffer.concat(pieces)));
    request.once('error', reject);
  });
}
