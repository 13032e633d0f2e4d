import type { BareItem, InnerList, Parameters } from 'structured-headers';
import { signatureRefused } from '../identity/access-error.ts';
import { isId } from '../kernel/ids.ts';
import { declaredDigestOf } from './content-digest.ts';
import { dictionaryOf, isNonce, valuesOf } from './headers.ts';
import type { RequestSignature } from './request-signature.ts';
import { signatureBase } from './signature-base.ts';

/** Every signature must cover these. Without one of them, an attacker could change that part of the request. */
const REQUIRED = ['@method', '@authority', '@path', '@query', 'content-digest'];
/** More components than this are not searched for in the headers. */
const MOST_COMPONENTS = 64;

/**
 * Reads the signature of ours among the HTTP message signatures of a request (RFC 9421); null if there is none. Ours is the
 * one whose `keyid` begins with `sgk_`. Those of other services are ignored.
 *
 * @throws AccessError `SIGNATURE_INCOMPLETE`, or `SIGNATURE_MALFORMED` also if there are two of ours
 */
export function readHttpSignature(rawHeaders: readonly string[]): RequestSignature | null {
  // It need not be well-formed if it is of another service.
  if (!valuesOf(rawHeaders, 'signature-input').some((value) => value.includes('sgk_'))) return null;
  const ours = [...dictionaryOf(rawHeaders, 'signature-input')].filter(([, member]) => isOurs(member));
  if (ours.length === 0) return null;
  const [label, input] = ours[0] as [string, InnerList];
  if (ours.length > 1) throw signatureRefused('SIGNATURE_MALFORMED');

  const components = componentsOf(input);
  const { keyId, nonce, created, expires } = parametersOf(input[1]);
  if (!REQUIRED.every((name) => components.includes(name))) throw signatureRefused('SIGNATURE_INCOMPLETE');
  const declaredDigest = declaredDigestOf(rawHeaders);
  return {
    keyId,
    nonce,
    signedAt: created * 1000,
    expiresAt: expires === null ? null : expires * 1000,
    value: signatureOf(label, rawHeaders),
    contentOf(request) {
      const base = signatureBase(request, components, input);
      // Node decodes headers as Latin-1. So this encodes the same bytes that the client has sent.
      return { declaredDigest, message: () => Buffer.from(base, 'latin1') };
    },
  };
}

/** Whether a signature names a key of ours. Its components are not read before this is known. */
function isOurs([, parameters]: [unknown, Parameters]): boolean {
  const keyId = parameters.get('keyid');
  return typeof keyId === 'string' && keyId.startsWith('sgk_');
}

/** The covered components, each once (RFC 9421 §2) and without parameters. */
function componentsOf([items]: InnerList): string[] {
  if (!Array.isArray(items) || items.length > MOST_COMPONENTS) throw signatureRefused('SIGNATURE_MALFORMED');
  const names = items.map(([name, parameters]) => {
    if (typeof name !== 'string' || parameters.size > 0) throw signatureRefused('SIGNATURE_MALFORMED');
    return name;
  });
  if (new Set(names).size < names.length) throw signatureRefused('SIGNATURE_MALFORMED');
  return names;
}

/** The parameters of a signature (RFC 9421 §2.3). Times are in seconds since the epoch. Others are signed and ignored. */
function parametersOf(parameters: Parameters) {
  const [keyId, nonce, created] = ['keyid', 'nonce', 'created'].map((name) => parameters.get(name));
  const [expires, algorithm] = [parameters.get('expires') ?? null, parameters.get('alg') ?? 'hmac-sha256'];
  if (nonce === undefined || created === undefined) throw signatureRefused('SIGNATURE_INCOMPLETE');
  if (typeof keyId !== 'string' || !isId(keyId, 'sgk') || typeof nonce !== 'string' || !isNonce(nonce))
    throw signatureRefused('SIGNATURE_MALFORMED');
  if (!isSeconds(created) || !(expires === null || isSeconds(expires)) || algorithm !== 'hmac-sha256')
    throw signatureRefused('SIGNATURE_MALFORMED');
  return { keyId, nonce, created, expires };
}

/** Seconds whose milliseconds a number holds exactly. A structured field has 15 digits at most. */
function isSeconds(value: BareItem): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e12;
}

function signatureOf(label: string, rawHeaders: readonly string[]): Buffer {
  const [value] = dictionaryOf(rawHeaders, 'signature').get(label) ?? [];
  if (value === undefined) throw signatureRefused('SIGNATURE_INCOMPLETE');
  if (!(value instanceof ArrayBuffer)) throw signatureRefused('SIGNATURE_MALFORMED');
  return Buffer.from(value);
}
