// slowhttptest attacks a replica, and another client is served meanwhile. Clients that send a byte now and then are
// disconnected by the server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { findSlowHttpTest, slowHttp } from '../support/slow-http.ts';

/** A request may take 30 s, and the server looks every 30 s. */
const LONGEST_SECONDS = 150;
const TEST_MS = 180_000;
const ENDED_BY_THE_SERVER = 'No open connections left';

describe.skipIf(findSlowHttpTest() === null)('slowhttptest', () => {
  let app: TestApp;
  let secret: string;
  beforeAll(async () => {
    app = await startTestApp();
    secret = (await app.apiKey(await app.member())).secret;
  });
  afterAll(() => app?.close());

  const attacked = async (path: string, attack: readonly string[], seconds: number) => {
    const accepted = new Set<boolean>();
    const meanwhile = async () => void accepted.add(await app.accepts(secret));
    const { end, available } = await slowHttp(`${app.url}${path}`, { attack, seconds, meanwhile });
    return { end, available: [...new Set(available)], accepted: [...accepted] };
  };
  const served = { available: ['YES'], accepted: [true] };

  test.concurrent('slow headers and slow bodies: the server ends every connection', { timeout: TEST_MS }, async () => {
    const json = ['-f', 'application/json', '-s', '8192'];
    const both = await Promise.all([
      attacked('/graphql', ['-H', '-i', '1'], LONGEST_SECONDS),
      attacked('/graphql', ['-B', '-i', '1', ...json], LONGEST_SECONDS),
    ]);
    expect(both).toEqual([
      { ...served, end: ENDED_BY_THE_SERVER },
      { ...served, end: ENDED_BY_THE_SERVER },
    ]);
  });

  test.concurrent('slow reads of a long response: other clients are served', { timeout: TEST_MS }, async () => {
    const slowly = ['-n', '1', '-z', '8', '-w', '10', '-y', '20', '-k', '3'];
    expect(await attacked('/openapi.json', ['-X', ...slowly], 6)).toMatchObject(served);
  });

  test.concurrent('hundreds of ranges in one header: other clients are served', { timeout: TEST_MS }, async () => {
    expect(await attacked('/openapi.json', ['-R'], 6)).toMatchObject({ ...served, end: ENDED_BY_THE_SERVER });
  });
});
