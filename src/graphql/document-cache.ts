import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** In characters. Parsed, a document takes up to two hundred times its length: all of them together, some 30 MiB. */
const LONGEST = 8 * 1024;
const ALL_TOGETHER = 128 * 1024;
const MOST = 300;
const KEPT_MS = 60_000;

/**
 * What is kept of documents for the next request: few, small ones, for a short time. Anybody may send any number of
 * large ones, and who writes a secret into a document does not expect it to stay. Nothing is kept of what could not be
 * parsed; whether a document is valid, Yoga keeps for as long as the document itself.
 */
export function createDocumentCaches() {
  return {
    documentCache: new LRUCache<string, DocumentNode>({
      max: MOST,
      maxSize: ALL_TOGETHER,
      maxEntrySize: LONGEST,
      sizeCalculation: (_document, text) => text.length,
      ttl: KEPT_MS,
      // Without it, what nobody asks for any more stays until it is in the way.
      ttlAutopurge: true,
    }),
    errorCache: { get: (_text: string) => undefined, set: () => undefined },
  };
}
