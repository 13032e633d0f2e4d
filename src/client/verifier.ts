import { RekeyError } from './client.ts';

/** Who a credential stands for. */
export interface Verified {
  userId: string | null;
  workspaceId: string | null;
  credentialId: string;
  scopes: string[];
  permissions: string[];
}

export interface VerifierOptions {
  /** Where the service is, e.g. `http://rekey.internal:4000`. */
  url: string;
  fetch?: typeof globalThis.fetch;
}

/** What fits into a header, and is shorter than what servers refuse to read. No credential is anything else. */
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;

/**
 * Asks `/v1/verify` who a credential stands for, on every call: whatever you would keep of the answer could outlive a
 * revocation.
 *
 * @returns null where the credential is not good, or does not hold `permission`
 * @throws RekeyError `AUTHENTICATION_UNAVAILABLE` where the service cannot know, `RATE_LIMITED` where this address had too
 *   many refused, `NETWORK` where nobody answers, or not as the service does: let nobody in, and send nobody away for good
 */
export function createVerifier({ url, fetch = globalThis.fetch }: VerifierOptions) {
  return async (credential: string, { permission }: { permission?: string } = {}): Promise<Verified | null> => {
    if (!SENDABLE.test(credential)) return null;
    const target = new URL('/v1/verify', url);
    if (permission !== undefined) target.searchParams.set('permission', permission);
    let response: Response;
    try {
      response = await fetch(target, { headers: { authorization: `Bearer ${credential}` } });
    } catch (cause) {
      throw new RekeyError([], { cause });
    }
    if (response.status === 401 || response.status === 403) return null;
    if (response.status !== 204) throw await notVerified(response);
    const list = (name: string) => (response.headers.get(name) ?? '').split(',').filter(Boolean);
    return {
      userId: response.headers.get('x-rekey-user') || null,
      workspaceId: response.headers.get('x-rekey-workspace') || null,
      credentialId: response.headers.get('x-rekey-credential') ?? '',
      scopes: list('x-rekey-scopes'),
      permissions: list('x-rekey-permissions'),
    };
  };
}

/** What `/v1/verify` says besides yes and no. */
const CODES = ['AUTHENTICATION_UNAVAILABLE', 'RATE_LIMITED', 'BAD_CREDENTIALS_IN_REQUEST', 'INVALID_REQUEST'];

async function notVerified(response: Response): Promise<RekeyError> {
  const body: unknown = await response.json().catch(() => null);
  const { error, error_description } = Object(body) as Record<string, unknown>;
  const code = CODES.find((known) => known === String(error).toUpperCase());
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const message = code ? String(error_description) : `Somebody else than the service answered: ${response.status}.`;
  const extensions = { code: code ?? 'NETWORK', ...(retryAfterSeconds >= 0 ? { retryAfterSeconds } : {}) };
  return new RekeyError([{ message, extensions }]);
}
