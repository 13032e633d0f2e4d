import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** In characters. A parsed document takes up to two hundred times its length: all of them together, some 30 MiB. */
const LONGEST = 8 * 1024;
const ALL_TOGETHER = 128 * 1024;
const MOST = 300;
const KEPT_MS = 60_000;

/**
 * Caches of parsed documents: few, small ones, for a short time. Any client may send any number of large ones, and a
 * secret in a document must not stay in memory. Documents that cannot be parsed are not cached. Yoga caches whether a
 * document is valid for as long as the document itself.
 */
export function createDocumentCaches() {
  return {
    documentCache: new LRUCache<string, DocumentNode>({
      max: MOST,
      maxSize: ALL_TOGETHER,
      maxEntrySize: LONGEST,
      sizeCalculation: (_document, text) => text.length,
      ttl: KEPT_MS,
      // Without it, an expired document stays until its place is needed.
      ttlAutopurge: true,
    }),
    errorCache: { get: (_text: string) => undefined, set: () => undefined },
  };
}
