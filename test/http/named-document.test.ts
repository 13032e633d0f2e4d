import { describe, expect, test } from 'vitest';
import { asSent, withText } from '../../src/http/named-document.ts';

const messageOf = (payload: unknown, type = 'subscribe') => JSON.stringify({ id: '1', type, payload });

describe('an operation over a WebSocket that names its document', () => {
  test('gets an empty text for the library, and loses it again', () => {
    const payload = { documentId: 'sha256:00', variables: { a: 1 } };
    const read = JSON.parse(withText(messageOf(payload)));
    expect(read).toEqual({ id: '1', type: 'subscribe', payload: { ...payload, query: '' } });
    expect(asSent(read.payload)).toEqual(payload);
  });

  test.each([
    ['with a text', messageOf({ documentId: 'sha256:00', query: '{ a }' })],
    ['with an empty id', messageOf({ documentId: null })],
    ['that is not JSON', '{"documentId":'],
    ['without a payload', '{"type":"documentId"}'],
    ['whose variables have such names', messageOf({ query: '{ a }', variables: { payload: { documentId: '1' } } })],
    ['that is deep', messageOf(JSON.parse(`${'{"a":'.repeat(2400)}1${'}'.repeat(2400)}`), 'ping')],
  ])('a message %s stays as it is', (_name, message) => {
    expect(withText(message)).toBe(message);
  });

  test('an empty text without a document stays', () => {
    expect(asSent({ query: '' })).toEqual({ query: '' });
  });
});
