import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { AccessTokenClaims } from '../credentials/credential-type.ts';
import { isId } from '../kernel/ids.ts';
import type { JwtKeys } from './jwt-keys.ts';

/** Longer than any access token we make, shorter than what would be costly to look at. */
const LONGEST_TOKEN = 8192;
const ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt';
/**
 * How every access token of ours begins: its header up to the id of its key, as far as whole characters of base64url go.
 * It tells them apart from the tokens of others without a look at their contents.
 */
const BEGINNING = Buffer.from(`{"alg":"${ALGORITHM}","typ":"${TYPE}","kid":"`).toString('base64url').slice(0, -2);

// Three parts of base64url without padding (RFC 7515 §7.1). A last group of two characters has four bits to spare, one of
// three has two: they must be zero, or one signature has several spellings.
const PART = '(?=[\\w-])(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const COMPACT_JWS = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/** Whether a text has the form of an access token of ours, in its one spelling. */
export function hasFormOfAccessToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && text.startsWith(BEGINNING) && COMPACT_JWS.test(text);
}

const claimsSchema = z.object({
  sub: z.string().min(1),
  sid: z.string().min(1),
  jti: z.string().min(1),
  iat: z.number().int(),
  exp: z.number().int(),
});

/** A token's own id begins with its session's, so that whoever holds one of them finds the other. */
const newJti = (sessionId: string) => `${sessionId}.${randomUUID()}`;

/** The session that a token with this id would belong to; null where no token of ours has such an id. */
export function sessionOfJti(jti: string): string | null {
  const [sessionId, unique, ...more] = jti.split('.');
  return sessionId && unique && more.length === 0 && isId(sessionId, 'ses') && UUID.test(unique) ? sessionId : null;
}
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface AccessTokensOptions {
  keys: JwtKeys;
  issuer: string;
  lifetimeSeconds: number;
  /** Database time, milliseconds since the epoch. */
  now: () => number;
}

/** Makes and verifies access tokens: JWTs as RFC 9068 profiles them, signed with EdDSA (RFC 8037). */
export class AccessTokens {
  readonly #options: AccessTokensOptions;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  /** A new token for this session; `expiresAt` is never past the session's own end. */
  async issue(session: { id: string; userId: string; expiresAt: Date }, scopes: readonly string[]) {
    const { keys, issuer, lifetimeSeconds, now } = this.#options;
    const issuedAt = Math.floor(now() / 1000);
    const expiresAt = Math.min(issuedAt + lifetimeSeconds, Math.floor(session.expiresAt.getTime() / 1000));
    const { kid, privateKey } = keys.signing;
    const accessToken = await new SignJWT({ sid: session.id, client_id: issuer, scope: scopes.join(' ') })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject(session.userId)
      .setJti(newJti(session.id))
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { accessToken, accessTokenExpiresAt: new Date(expiresAt * 1000) };
  }

  /**
   * The claims, where the token is one of ours, for us, and within its time; null for anything else. The algorithm is
   * fixed here and never taken from the token (RFC 8725 §3.1), and headers that point at keys are ignored.
   *
   * `iat` may lie in the future: after a failover, the clock of the database may be behind the one that stamped it. The
   * signature proves that the token is ours, and its session says whether it is good.
   *
   * @throws only where our own keys cannot be read
   */
  async verify(token: string): Promise<AccessTokenClaims | null> {
    const { keys, issuer, now } = this.#options;
    // Before anything is decoded: what is decoded leniently would be good in many spellings, each with a cache entry.
    if (!hasFormOfAccessToken(token)) return null;
    let payload: JWTPayload;
    let kid = '';
    try {
      const verified = await jwtVerify(
        token,
        async (header) => {
          kid = header.kid ?? '';
          const key = kid ? await keys.verifying(kid) : null;
          if (!key) throw new errors.JWSSignatureVerificationFailed();
          return key;
        },
        { algorithms: [ALGORITHM], typ: TYPE, issuer, audience: issuer, currentDate: new Date(now()) },
      );
      payload = verified.payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) return null;
    return { ...claims.data, kid };
  }
}
