import type { IncomingMessage } from 'node:http';

/** What a request says its body is, in lower case and without parameters. */
export function mediaTypeOf(request: IncomingMessage): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
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
