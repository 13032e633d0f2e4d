import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { AccessTokenClaims } from '../credentials/credential-type.ts';
import { isId } from '../kernel/ids.ts';
import type { JwtKeys } from './jwt-keys.ts';

/** Longer than any access token of ours, and short enough to be parsed cheaply. */
const LONGEST_TOKEN = 8192;
const ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt';
/**
 * The first characters of every access token of ours: its header up to the key id, cut to whole characters of
 * base64url. They distinguish our tokens from those of other issuers without decoding them.
 */
const BEGINNING = Buffer.from(`{"alg":"${ALGORITHM}","typ":"${TYPE}","kid":"`).toString('base64url').slice(0, -2);

// Three parts of base64url without padding (RFC 7515 §7.1). A last group of two characters has four unused bits, one of
// three characters has two. They must be zero, otherwise one signature would have several spellings.
const PART = '(?=[\\w-])(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const COMPACT_JWS = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/** Whether a text has the form of an access token of ours, in its only spelling. */
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

/** The id of a token begins with the id of its session, so that the session can be found from it. */
const newJti = (sessionId: string) => `${sessionId}.${randomUUID()}`;

/** The session that a token with this id would belong to; null if no token of ours has such an id. */
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

/** Issues and verifies access tokens: JWTs as RFC 9068 profiles them, signed with EdDSA (RFC 8037). */
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
   * The claims of a token of ours that is for us and has not expired; null for any other text. The algorithm is fixed
   * here and never taken from the token (RFC 8725 §3.1), and headers that point at keys are ignored.
   *
   * `iat` may be in the future: after a failover, the clock of the database may be behind the one that issued it. The
   * signature proves that the token is ours, and the state of its session decides whether it is valid.
   *
   * @throws only if our own keys cannot be read
   */
  async verify(token: string): Promise<AccessTokenClaims | null> {
    const { keys, issuer, now } = this.#options;
    // Before decoding: a lenient decoder would accept a token in many spellings, each with its own cache entry.
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
