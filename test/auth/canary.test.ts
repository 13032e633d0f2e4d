import { afterEach, describe, expect, test } from 'vitest';
import { backends, type TestApp } from '../support/app.ts';

let app: TestApp | undefined;
afterEach(() => app?.close());

describe.each(backends())('the canary on $name', ({ start }) => {
  const metric = async (name: string) => {
    const text = await (await fetch(`${app!.url}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name));
  };

  test('measures until every replica refuses it, finds the promise kept, and leaves nothing behind', async () => {
    app = await start({ env: { REKEY_CANARY: 'on' } });
    await app.app.canary.run();
    await app.app.canary.run();
    expect(await metric('rekey_canary_seconds_count')).toEqual([
      'rekey_canary_seconds_count{propagation="acknowledged"} 2',
    ]);
    expect(await metric('rekey_canary_failures_total')).toEqual(['rekey_canary_failures_total 0']);
    expect(await app.app.database.fork().execute('select 1 from api_keys')).toEqual([]);
  });

  test('would tell of a credential that is accepted after its receipt', async () => {
    app = await start();
    const cache = app.app.cache;
    const resolve = cache.resolve.bind(cache);
    let accepted: Awaited<ReturnType<typeof resolve>> = null;
    // A cache that goes on accepting what it has accepted once: the bug that this service exists to rule out.
    cache.resolve = async (fingerprint, load) => (accepted ??= await resolve(fingerprint, load));
    await app.app.canary.run();
    expect(await metric('rekey_canary_failures_total')).toEqual(['rekey_canary_failures_total 1']);
    expect(app.log.join('\n')).toContain('BROKEN PROMISE');
  });
});
