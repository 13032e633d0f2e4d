import Negotiator from 'negotiator';

/** The media types of `/graphql`, the best first for clients that accept any of them (GraphQL over HTTP, §6.1). */
const OFFERED = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed'];
/** The longest header that is read, because each of its ranges is compared with each type. */
const LONGEST = 1024;
/** All types are encoded in UTF-8, and a client may ask for this charset. */
const WITH_CHARSET = OFFERED.flatMap((type) => [type, `${type}; charset=utf-8`]);
const STREAMS = WITH_CHARSET.filter((type) => type.startsWith('text/event-stream'));

/** Whether the client can read server-sent events. It must say so: a client that accepts any type may mean JSON. */
export function acceptsEventStream(accept: string | undefined): boolean {
  if (!accept || accept.length > LONGEST) return false;
  if (!/text\/event-stream/i.test(accept)) return false;
  return new Negotiator({ headers: { accept: known(accept) } }).mediaTypes(STREAMS).length > 0;
}

/**
 * The media type of the response, as the header `Accept` asks for it (RFC 9110 §12.5.1); null if the service has none
 * of the accepted types, or if the header is too long. A request without the header accepts every type.
 */
export function acceptedType(accept: string | undefined): string | null {
  if (!accept) return OFFERED[0]!;
  if (OFFERED.includes(accept)) return accept; // The form that nearly all clients send.
  if (accept.length > LONGEST) return null;
  const [chosen] = new Negotiator({ headers: { accept: known(accept) } }).mediaTypes(WITH_CHARSET);
  return chosen?.split(';', 1)[0] ?? null;
}

/** The header without the parameters that do not matter. Those for weight and charset do. */
function known(accept: string): string {
  return accept.replace(/;(?!\s*(?:q|charset)\s*=)[^;,]*/gi, '').replace(/charset\s*=\s*"?utf-?8"?/gi, 'charset=utf-8');
}
