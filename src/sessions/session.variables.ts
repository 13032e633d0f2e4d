import { text, wholeNumber } from '../kernel/variable.ts';
import { LONGEST_ACCESS_TOKEN_SECONDS } from './lifetimes.ts';

/**
 * The longest `iss`, in bytes of JSON. With it, the cookie of an access token with every scope has some 2900 bytes. A
 * browser may drop a cookie of more than 4096 (RFC 6265 §6.1), and then the login fails without an error.
 */
const LONGEST_ISSUER_BYTES = 512;

const TEN_YEARS = 315_360_000;

/** A URL or a URN, without the parts that no issuer has (RFC 8414 §2). */
function isIssuer(given: string): boolean {
  return URL.canParse(given) && !/[\s?#]/.test(given);
}

export const sessionVariables = {
  issuer: text('REKEY_ISSUER', {
    fallback: 'urn:rekey',
    meaning:
      '`iss` of access tokens, the same on every replica; at most 512 bytes, so that a token fits into a cookie.',
    read(given, problem) {
      const issuer = given as string;
      if (!isIssuer(issuer)) problem('REKEY_ISSUER must be a URL or a URN without white space, query or fragment.');
      if (Buffer.byteLength(JSON.stringify(issuer)) - 2 > LONGEST_ISSUER_BYTES) {
        problem(
          `REKEY_ISSUER must have at most ${LONGEST_ISSUER_BYTES} bytes. Every access token contains it three times, and browsers drop cookies larger than 4096 bytes.`,
        );
      }
      return issuer;
    },
  }),
  accessTokenSeconds: wholeNumber('REKEY_ACCESS_TOKEN_SECONDS', {
    fallback: 300,
    min: 10,
    max: LONGEST_ACCESS_TOKEN_SECONDS,
    meaning: 'Lifetime of an access token.',
  }),
  refreshIdleSeconds: wholeNumber('REKEY_REFRESH_IDLE_SECONDS', {
    fallback: 604_800,
    min: 60,
    max: TEN_YEARS,
    meaning: 'A session that is not refreshed for this long expires.',
  }),
  refreshAbsoluteSeconds: wholeNumber('REKEY_REFRESH_ABSOLUTE_SECONDS', {
    fallback: 2_592_000,
    min: 60,
    max: TEN_YEARS,
    meaning: 'Longest lifetime of a session.',
  }),
  refreshGraceSeconds: wholeNumber('REKEY_REFRESH_GRACE_SECONDS', {
    fallback: 10,
    min: 0,
    max: 300,
    meaning: 'How long the previous refresh token may be replayed and returns the same new one.',
  }),
};
