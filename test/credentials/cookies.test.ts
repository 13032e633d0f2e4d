import { describe, expect, test } from 'vitest';
import { cookieSecrets, keepCookies } from '../../src/credentials/cookies.ts';
import { AccessError } from '../../src/identity/access-error.ts';

const ACCESS = '__Host-rekey-access';
const REFRESH = '__Host-rekey-refresh';
const read = (cookie: string) => cookieSecrets({ cookie, 'x-rekey-csrf': '1' });
const accessIn = (cookie: string) => read(cookie).access;

describe('a cookie of Rekey', () => {
  test.each([
    `${ACCESS}=V`,
    `a=b; ${ACCESS}=V; c=d`,
    `a=b;${ACCESS}=V;c=d`,
    `a=b; \t ${ACCESS}=V \t; c=d`,
    `${ACCESS}=V;`,
    `;;${ACCESS}=V`,
    `${ACCESS}; ${ACCESS}=V`,
  ])('is found in %j', (cookie) => {
    expect(accessIn(cookie)).toBe('V');
  });

  test.each([
    '',
    ACCESS,
    `${ACCESS}=`,
    `${ACCESS} =V`,
    `${ACCESS}\t=V`,
    `x${ACCESS}=V`,
    `=${ACCESS}=V`,
    `a=${ACCESS}=V`,
    `"${ACCESS}"=V`,
    '__host-rekey-access=V',
    '__HOST-REKEY-ACCESS=V',
    '__Secure-rekey-access=V',
    '%5F_Host-rekey-access=V',
    `$Version=1, ${ACCESS}=V`,
  ])('is not in %j', (cookie) => {
    expect(accessIn(cookie)).toBeNull();
  });

  // What JavaScript's `trim` removes and a browser does not, as Node hands over the bytes of a header.
  test.each(['\u00a0', '\u000b', '\u000c', '\u0085', '\u00ad', '\u200b', '\ufeff', '\u2028'])(
    'is not recognized with %j before or after its name',
    (character) => {
      expect(accessIn(`${ACCESS}=V; ${character}${ACCESS}=M`)).toBe('V');
      expect(accessIn(`${character}${ACCESS}=M; ${ACCESS}=V`)).toBe('V');
      expect(accessIn(`${ACCESS}${character}=M; ${ACCESS}=V`)).toBe('V');
      expect(accessIn(`${ACCESS}=V${character}`)).toBe(`V${character}`);
    },
  );

  test.each([
    [`${ACCESS}=V; ${ACCESS}=M`],
    [`${ACCESS}=V; ${ACCESS}=V`],
    [`${ACCESS}=V; a=b;\t${ACCESS}=`],
    [`${ACCESS}=; ${ACCESS}=V`],
    [`${ACCESS}=V; ${REFRESH}=V; ${REFRESH}=M`],
  ])('is rejected if its name occurs twice: %j', (cookie) => {
    expect(() => read(cookie)).toThrow(AccessError);
    expect(() => read(cookie)).toThrow(expect.objectContaining({ code: 'BAD_CREDENTIALS_IN_REQUEST' }));
  });

  test('is ignored without the CSRF header', () => {
    expect(cookieSecrets({ cookie: `${ACCESS}=V; ${ACCESS}=M` })).toEqual({ access: null, refresh: null });
  });
});

test('cookies expire with their tokens by the clock of the service, independent of the clock of the browser', () => {
  const now = new Date('2026-11-29T12:00:00.400Z');
  const cookies = keepCookies(
    {
      accessToken: 'a',
      accessTokenExpiresAt: new Date('2026-11-29T12:05:00Z'),
      refreshToken: 'r',
      refreshTokenExpiresAt: new Date('2026-12-06T12:00:00.400Z'),
    },
    now,
  );
  const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';
  expect(cookies).toEqual([`${ACCESS}=a; ${attributes}; Max-Age=300`, `${REFRESH}=r; ${attributes}; Max-Age=604800`]);
});
