import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDocumentCaches } from '../../src/graphql/document-cache.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

vi.mock('../../src/graphql/document-cache.ts', { spy: true });

let app: TestApp;
let caches: ReturnType<typeof createDocumentCaches>;
beforeAll(async () => {
  app = await startTestApp();
  caches = vi.mocked(createDocumentCaches).mock.results[0]!.value;
});
afterAll(() => app.close());

let documents = 0;
/** A new document, padded to this length with a comment. */
const documentOf = (length: number) => `{ a${++documents}: __typename }`.padEnd(length, '#');

const ask = async (document: string) => {
  const { data } = await app.graphql(document);
  expect(Object.values(data)).toEqual(['Query']);
};

describe('a parsed document', () => {
  test('is cached if it has at most 8192 characters', async () => {
    for (const length of [0, 1024, 8192]) {
      const document = documentOf(length);
      await ask(document);
      const parsed = caches.documentCache.peek(document);
      expect(parsed).toMatchObject({ kind: 'Document' });
      await ask(document);
      expect(caches.documentCache.peek(document)).toBe(parsed);
    }
  });

  test.each([8193, 32 * 1024])('is not cached if it has %i characters', async (length) => {
    const document = documentOf(length);
    await ask(document);
    await ask(document);
    expect(caches.documentCache.peek(document)).toBeUndefined();
  });

  test('is not cached if it has a syntax error, nor is the error, because it may contain a secret', async () => {
    const document = '{ viewer(password: "hunter2" ';
    expect((await app.graphql(document)).errors).toHaveLength(1);
    expect(caches.documentCache.peek(document)).toBeUndefined();
    expect(caches.errorCache.get(document)).toBeUndefined();
  });

  test('is evicted by others, so that the number and size of cached documents are limited', async () => {
    const first = documentOf(8000);
    await ask(first);
    for (let sent = 0; sent < 20; sent++) await ask(documentOf(8000));
    expect(caches.documentCache.peek(first)).toBeUndefined();
    expect(caches.documentCache.calculatedSize).toBeLessThanOrEqual(128 * 1024);
    const small = documentOf(0);
    await ask(small);
    for (let sent = 0; sent < 300; sent++) await ask(documentOf(0));
    expect(caches.documentCache.peek(small)).toBeUndefined();
    expect(caches.documentCache.size).toBeLessThanOrEqual(300);
  });

  test('is evicted after a minute, because it may contain a secret', () => {
    let now = performance.now();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const wait = (milliseconds: number) => {
      now += milliseconds;
      vi.advanceTimersByTime(milliseconds);
    };
    try {
      const { documentCache } = createDocumentCaches();
      documentCache.set('{ viewer }', { kind: 'Document', definitions: [] });
      wait(59_000);
      expect(documentCache.get('{ viewer }')).toBeDefined();
      wait(2000);
      expect(documentCache.size).toBe(0); // Evicted, not only expired.
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });
});
