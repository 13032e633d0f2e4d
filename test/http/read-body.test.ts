import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charsetIsUtf8, decodeUtf8, mediaTypeOf, readBody } from '../../src/http/read-body.ts';

const LARGEST = 2000;

let server: Server;
/** The next request that arrives, complete or not. */
let arrived: PromiseWithResolvers<[IncomingMessage, ServerResponse]>;

beforeAll(async () => {
  arrived = Promise.withResolvers();
  server = createServer((request, response) => {
    arrived.resolve([request, response]);
    arrived = Promise.withResolvers();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A client that has sent this, and the request as the server sees it. */
async function sending(headers: string, body = ''): Promise<{ client: Socket; request: IncomingMessage }> {
  const arriving = arrived.promise;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`);
  const [request] = await arriving;
  return { client, request };
}

const read = async (request: IncomingMessage) => (await readBody(request, LARGEST))?.toString() ?? null;
const chunks = (text: string) => [...text].map((one) => `1\r\n${one}\r\n`).join('');
const CHUNKED = 'Transfer-Encoding: chunked';

describe('the body of a request', () => {
  test('is read whether it is empty, complete, chunked or late', async () => {
    expect(await read((await sending('Content-Length: 0')).request)).toBe('');
    expect(await read((await sending('Content-Length: 5', 'abcde')).request)).toBe('abcde');
    const text = 'The quick brown fox. '.repeat(80);
    expect(await read((await sending(CHUNKED, `${chunks(text)}0\r\n\r\n`)).request)).toBe(text);
    const { client, request } = await sending(`Content-Length: ${text.length}`, text.slice(0, 700));
    const reading = read(request);
    client.write(text.slice(700));
    expect(await reading).toBe(text);
  });

  test('may have the size of the limit, but no more', async () => {
    const text = 'x'.repeat(LARGEST);
    expect(await read((await sending(`Content-Length: ${LARGEST}`, text)).request)).toBe(text);
    expect(await read((await sending(CHUNKED, `${chunks(text)}0\r\n\r\n`)).request)).toBe(text);
    expect(await read((await sending(`Content-Length: ${LARGEST + 1}`, `${text}x`)).request)).toBe(null);
    expect(await read((await sending(CHUNKED, `${chunks(`${text}x`)}0\r\n\r\n`)).request)).toBe(null);
  });

  test('that is too large is rejected before it has arrived', async () => {
    expect(await read((await sending(`Content-Length: ${LARGEST + 1}`)).request)).toBe(null);
    expect(await read((await sending(CHUNKED, chunks('x'.repeat(LARGEST + 1)))).request)).toBe(null);
  });

  test.each([
    ['half of it', 'Content-Length: 10', 'abcde'],
    ['all of it', 'Content-Length: 5', 'abcde'],
    ['a chunk of it', CHUNKED, chunks('abcde')],
  ])('whose client has closed the connection cannot be read: %s', async (_, headers, body) => {
    const { client, request } = await sending(headers, body);
    const closed = new Promise((resolve) => request.once('close', resolve));
    client.resetAndDestroy();
    await closed;
    await expect(read(request)).rejects.toBe(request.errored);
    expect(request.errored).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('the media type of a body', () => {
  const typeOf = (contentType?: string) => mediaTypeOf({ headers: { 'content-type': contentType } } as IncomingMessage);

  test.each([
    [undefined, undefined],
    ['', ''],
    ['application/json', 'application/json'],
    ['Application/JSON \t; charset=utf-8', 'application/json'],
    // A no-break space is not white space in HTTP, so this is another type.
    ['application/json\u00a0', 'application/json\u00a0'],
    ['\ufeffapplication/json', '\ufeffapplication/json'],
  ])('from %j is %j', (type, expected) => {
    expect(typeOf(type)).toBe(expected);
  });
});

describe('the charset of a body', () => {
  const isUtf8 = (contentType?: string) =>
    charsetIsUtf8({ headers: contentType === undefined ? {} : { 'content-type': contentType } } as IncomingMessage);

  test.each([
    undefined,
    '',
    'application/json',
    'application/json;',
    'application/json; profile=x',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; CHARSET=Utf8 ; profile=x',
    'application/json; profile=x; charset="utf-8"',
    'application/json; charset="UTF\\-8"',
    'application/json; charset=utf-8; charset=utf8',
    'application/json; nocharset=utf-16',
  ])('is UTF-8 for %j', (type) => {
    expect(isUtf8(type)).toBe(true);
  });

  test.each([
    'application/json; charset=utf-16',
    'application/json; charset="utf-16le"',
    'application/json; charset=iso-8859-1',
    'application/json;charset=latin1',
    'application/json; charset=utf-7',
    'application/json; charset=utf-88',
    'application/json; charset=xutf-8',
    'application/json; charset=',
    'application/json; charset=""',
    'application/json; charset="utf-8',
    "application/json; charset='utf-8'",
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=utf-16; charset=utf-8',
    'application/json; CharSet = Shift_JIS',
    'application/json; profile="x"; charset=utf-32',
  ])('is another one for %j', (type) => {
    expect(isUtf8(type)).toBe(false);
  });
});

describe('the text of a body', () => {
  test('is its bytes decoded as UTF-8', () => {
    for (const text of ['', 'abc', 'Grüße', '\u{1f511}', '\0', '\ufffd', '\ufeffabc']) {
      expect(decodeUtf8(Buffer.from(text))).toBe(text);
    }
  });

  test.each([
    ['Latin-1', [0x47, 0x72, 0xfc, 0xdf, 0x65]],
    ['UTF-16 with a byte order mark', [0xff, 0xfe, 0x61, 0x00]],
    ['a lone high surrogate', [0xed, 0xa0, 0x80]],
    ['a lone low surrogate', [0xed, 0xb0, 0x80]],
    ['a pair of surrogates (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong U+0000', [0xc0, 0x80]],
    ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a lone continuation byte', [0x61, 0x80]],
    ['a character that is cut off', [0x61, 0xe2, 0x82]],
  ])('is null for %s', (_, bytes) => {
    expect(decodeUtf8(Buffer.from(bytes))).toBeNull();
  });
});
