import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { collectSpans, type Spans } from '../support/spans.ts';
import { until } from '../support/until.ts';

describe.each(backends())('with an SDK of OpenTelemetry, on $name', ({ start, name }) => {
  let app: TestApp;
  let spans: Spans;
  let admin: Account;
  beforeAll(async () => {
    spans = collectSpans();
    app = await start();
    admin = await app.admin();
  });
  afterAll(async () => {
    await app.close();
    spans.remove();
  });

  /** The span of the next request of this name, and those below it, when all have ended. */
  async function spansOf(request: string, work: () => Promise<unknown>) {
    spans.reset();
    await work();
    const root = await until('the request has ended', () => spans.ended().find((span) => span.name === request));
    const below = spans.ended().filter((span) => span !== root && traceOf(span) === traceOf(root));
    return { root, below, named: (part: string) => below.filter((span) => span.name.includes(part)) };
  }
  const traceOf = (span: ReadableSpan) => span.spanContext().traceId;
  const verify =
    (secret: string, headers: Record<string, string> = {}) =>
    () =>
      fetch(`${app.url}/v1/verify?permission=a:b`, { headers: { 'x-api-key': secret, ...headers } });

  test('a request has a span with the endpoint and the status, and one of its authentication with the layer', async () => {
    const key = await app.apiKey(admin);
    const first = await spansOf('GET /v1/verify', verify(key.secret, { 'x-request-id': 'request-one' }));
    expect(first.root.attributes).toMatchObject({
      ...{ 'http.request.method': 'GET', 'http.route': '/v1/verify', 'http.response.status_code': 403 },
      'rekey.request_id': 'request-one',
    });
    const [authenticated] = first.named('authenticate');
    expect(authenticated?.attributes).toMatchObject({
      'rekey.authentication.outcome': 'accepted',
      'rekey.authentication.layer': 'database',
      'rekey.credential.id': key.id,
    });
    expect(authenticated?.parentSpanContext?.spanId).toBe(first.root.spanContext().spanId);
    expect(first.named('SQL api-key-load')).toHaveLength(1);
    expect(first.named('redis GET')).toHaveLength(name.includes('Redis') ? 1 : 0);

    const hit = await spansOf('GET /v1/verify', verify(key.secret));
    expect(hit.below.map((span) => span.name)).toEqual(['authenticate']);
    expect(hit.below[0]?.attributes).toMatchObject({ 'rekey.authentication.layer': 'memory' });

    const refused = await spansOf('GET /v1/verify', verify('rka_wrong'));
    expect(refused.named('authenticate')[0]?.attributes).toMatchObject({ 'rekey.authentication.outcome': 'rejected' });
  });

  test('a revocation has a span of its propagation, and spans of its statements', async () => {
    const key = await app.apiKey(admin);
    const { below, named } = await spansOf('POST /graphql', () =>
      app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess(),
    );
    expect(below.find((span) => span.name === 'propagation')?.attributes).toMatchObject({
      ...{ 'rekey.propagation': 'acknowledged', 'rekey.replicas': 1, 'rekey.acknowledged': 1 },
    });
    expect(named('SQL update api_keys').length).toBeGreaterThan(0);
    expect(below.every((span) => span.attributes['error.type'] === undefined)).toBe(true);
  });

  test('the trace of the client continues, and a header that is malformed begins a new one', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const { root } = await spansOf('GET /v1/verify', verify('rka_wrong', { traceparent }));
    expect(traceOf(root)).toBe(traceId);
    expect(root.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    const other = await spansOf('GET /v1/verify', verify('rka_wrong', { traceparent: '00-no-trace' }));
    expect(other.root.parentSpanContext).toBeUndefined();
  });

  test('a path that is no endpoint names no span', async () => {
    const { root } = await spansOf('GET', () => fetch(`${app.url}/${'a-secret'.repeat(3)}?token=a-secret`));
    expect(JSON.stringify(root.attributes)).not.toContain('a-secret');
    expect(root.attributes['http.response.status_code']).toBe(404);
  });

  test('work in the background makes no trace', async () => {
    spans.reset();
    const synced = app.app.replica.sync();
    await synced;
    expect(spans.ended()).toEqual([]);
  });

  test('no attribute has a secret, a value of SQL or an email address', async () => {
    spans.reset();
    const email = 'traced-person@example.com';
    const given = { email, password: PASSWORD, displayName: 'a-name-in-a-row' };
    const { accessToken } = await app
      .as()
      .register(given)
      .expectSuccess()
      .then(({ tokens }) => tokens);
    const key = await app.apiKey({ accessToken }, { name: 'a-name-in-a-row' });
    await app.as().login({ email, password: `${PASSWORD}!` });
    await verify(key.secret, {
      authorization: `Bearer ${key.secret}`,
      cookie: `a=${key.secret}`,
      'x-request-id': key.secret,
    })();
    await fetch(`${app.url}/v1/verify?permission=${key.secret}`, { headers: { 'x-api-key': key.secret } });
    await until(
      'the spans have ended',
      () => spans.ended().filter((span) => span.name === 'GET /v1/verify').length === 2,
    );
    const text = JSON.stringify(
      spans.ended().map((span) => [span.name, span.attributes, span.events, span.status.message]),
    );
    expect(spans.ended().length).toBeGreaterThan(10);
    for (const secret of [email, PASSWORD, 'a-name-in-a-row', key.secret, accessToken])
      expect(text).not.toContain(secret);
  });

  test('a statement that fails is marked with its kind, and its message is not in the span', async () => {
    const statement = { name: 'failing', text: `select 'a-value'::int` };
    const { trace } = await import('@opentelemetry/api');
    spans.reset();
    await trace.getTracer('test').startActiveSpan('root', async (root) => {
      await app.app.database.reads.query(statement).catch(() => undefined);
      root.end();
    });
    const failing = spans.ended().find((span) => span.name === 'SQL failing');
    expect(failing?.attributes['error.type']).toBe('22P02');
    expect(JSON.stringify([failing?.attributes, failing?.events, failing?.status])).not.toContain('a-value');
  });
});

test('without an SDK, no code of tracing runs', async () => {
  const [backend] = backends();
  const app = await backend!.start();
  try {
    expect(app.app.tracing).toBeNull();
  } finally {
    await app.close();
  }
});
