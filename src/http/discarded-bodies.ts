import type { IncomingMessage } from 'node:http';

const TURN_MS = 10;
/** What is read in one turn, all bodies together: 50 MB a second. */
const BYTES_PER_TURN = 512 * 1024;
/** How many bodies are read at the same time. Each may have two pieces of 64 KiB more in its buffers. */
const AT_ONCE = 4;

/** Starts calling `turn` again and again. Returns a function that stops it. */
export type StartTurns = (turn: () => void) => () => void;

const everyTurn: StartTurns = (turn) => {
  const timer = setInterval(turn, TURN_MS).unref();
  return () => clearInterval(timer);
};

/**
 * Reads and drops what is left of bodies that no endpoint reads: too large, or of a request that was rejected before.
 * Without it, the connection cannot serve the next request, and a client that sends all before it reads would never
 * get the response.
 *
 * All such bodies together are read at a limited rate, each in its turn. Reading costs memory and time: without a limit, one
 * client that sends only such bodies would delay everyone. The client has its response already.
 *
 * @returns a function that takes over a request whose response is written. Nothing else may read the request afterwards.
 */
export function createDiscardedBodies(startTurns: StartTurns = everyTurn): (request: IncomingMessage) => void {
  let left = BYTES_PER_TURN;
  let reading = new Set<IncomingMessage>();
  let waiting = new Set<IncomingMessage>();
  let stopTurns: (() => void) | null = null;

  const turn = () => {
    left = BYTES_PER_TURN;
    for (const request of reading) request.pause();
    const queue = [...waiting, ...reading];
    reading = new Set(queue.slice(0, AT_ONCE));
    waiting = new Set(queue.slice(AT_ONCE));
    for (const request of reading) request.resume();
    if (queue.length > 0) return;
    stopTurns?.();
    stopTurns = null;
  };
  return (request) => {
    // What is left is in memory, or will never arrive.
    if (request.complete || request.socket.destroyed) {
      request.resume();
      return;
    }
    request.on('data', (piece: Buffer) => {
      left -= piece.length;
      if (left <= 0) for (const each of reading) each.pause();
    });
    const { socket } = request;
    const ended = () => {
      reading.delete(request);
      waiting.delete(request);
      socket.off('close', ended);
    };
    request.once('end', ended);
    // Node does not destroy a request whose response is finished when its connection closes.
    socket.once('close', ended);
    if (left > 0 && reading.size < AT_ONCE) {
      reading.add(request);
      request.resume();
    } else {
      waiting.add(request);
      request.pause();
    }
    stopTurns ??= startTurns(turn);
  };
}
