import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let admin: Account;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
});
afterAll(() => app.close());

const SELECTION = '{ __typename ... on CreateApiKeySuccess { apiKey { expiresAt } } }';

/** Creates a key that expires at this time, which is sent in a variable or written into the document. */
function keyUntil(moment: string, way: 'in a variable' | 'in the document') {
  const [definition, value, variables] =
    way === 'in a variable' ? ['($at: DateTime)', '$at', { at: moment }] : ['', JSON.stringify(moment), {}];
  const document = `mutation ${definition} { createApiKey(input: { name: "k", expiresAt: ${value} }) ${SELECTION} }`;
  return app.graphql(document, variables, { bearer: admin.accessToken });
}

describe.each(['in a variable', 'in the document'] as const)('a DateTime %s', (way) => {
  test.each([
    ['2096-02-29T23:59:59Z', '2096-02-29T23:59:59.000Z'],
    ['2097-02-28T00:00:00.123456789Z', '2097-02-28T00:00:00.123Z'],
    ['2097-12-31t23:59:59.5z', '2097-12-31T23:59:59.500Z'],
    ['2097-03-01T00:30:00+01:00', '2097-02-28T23:30:00.000Z'],
    ['2097-12-31T23:30:00-23:59', '2098-01-01T23:29:00.000Z'],
  ])('is accepted if it exists in the calendar: %s', async (moment, expiresAt) => {
    expect((await keyUntil(moment, way)).data.createApiKey).toEqual({
      __typename: 'CreateApiKeySuccess',
      apiKey: { expiresAt },
    });
  });

  test.each([
    ['a day that the month does not have', '2097-02-30T00:00:00Z'],
    ['a leap day in another year', '2097-02-29T00:00:00Z'],
    ['a leap day in a century', '2100-02-29T00:00:00Z'],
    ['a day before the first', '2097-01-00T00:00:00Z'],
    ['a month after the twelfth', '2097-13-01T00:00:00Z'],
    ['hour 24', '2097-01-01T24:00:00Z'],
    ['minute 60', '2097-01-01T00:60:00Z'],
    ['a leap second', '2096-12-31T23:59:60Z'],
    ['a time zone of more than a day', '2097-01-01T00:00:00+24:00'],
    ['a time zone of more minutes than an hour has', '2097-01-01T00:00:00+01:60'],
    ['a year above 9999 in UTC', '9999-12-31T23:59:59-01:00'],
    ['no time zone', '2097-01-01T00:00:00'],
    ['a day alone', '2097-01-01'],
    ['a line break at its end', '2097-01-01T00:00:00Z\n'],
    ['nothing', ''],
  ])('is rejected and not adjusted if it does not exist: %s', async (_what, moment) => {
    const { data, errors } = await keyUntil(moment, way);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(errors?.[0]?.message).toMatch(
      /A DateTime must be an RFC 3339 date and time with a time zone, e\.g\. "2027-01-31T12:00:00Z"\. Leap seconds are not allowed\.$/,
    );
    if (moment) expect(errors?.[0]?.message).not.toContain(moment.slice(0, 10));
  });
});
