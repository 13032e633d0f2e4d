import { type InnerList, serializeInnerList } from 'structured-headers';
import type { RequestToProve } from '../credentials/credential-type.ts';
import { signatureRefused } from '../identity/access-error.ts';
import { soleValue, valuesOf } from './headers.ts';

const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * The signature base of a request (RFC 9421 §2.5): the text that is signed, one character for each byte.
 *
 * @param components the names of the covered components, which have no parameters
 * @param input the member of `Signature-Input`, which ends the base in its canonical form
 * @throws AccessError `SIGNATURE_INCOMPLETE` for a header that the request does not have, `SIGNATURE_MALFORMED` for a
 *   component that cannot be signed here
 */
export function signatureBase(request: RequestToProve, components: readonly string[], input: InnerList): string {
  const lines = components.map((name) => `"${name}": ${componentOf(request, name)}`);
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n');
}

function componentOf({ method, target, forwardedHost, rawHeaders }: RequestToProve, name: string): string {
  const query = target.indexOf('?');
  switch (name) {
    case '@method':
      return method;
    case '@authority':
      return authorityOf(forwardedHost ?? soleValue(rawHeaders, 'host') ?? '');
    case '@path':
      return (query < 0 ? target : target.slice(0, query)) || '/';
    case '@query':
      return query < 0 ? '?' : target.slice(query);
    default:
      return fieldOf(rawHeaders, name);
  }
}

/** In lower case and without the default port (RFC 9421 §2.2.3). Behind a TLS proxy, the scheme is not known here. */
function authorityOf(host: string): string {
  return host.toLowerCase().replace(/:(?:80|443)$/, '');
}

function fieldOf(rawHeaders: readonly string[], name: string): string {
  if (!FIELD_NAME.test(name)) throw signatureRefused('SIGNATURE_MALFORMED');
  const values = valuesOf(rawHeaders, name);
  if (values.length === 0) throw signatureRefused('SIGNATURE_INCOMPLETE');
  return values.join(', ');
}
