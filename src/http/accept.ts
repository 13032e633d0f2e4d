import Negotiator from 'negotiator';

/** What `/graphql` answers with, the best first for those who take anything (GraphQL over HTTP, §6.1). */
const OFFERED = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed'];
/** Each range of the header is compared with each type. */
const LONGEST = 1024;
/** UTF-8 is what all of them are written in; a client may say so. */
const WITH_CHARSET = OFFERED.flatMap((type) => [type, `${type}; charset=utf-8`]);

/**
 * The media type to answer with, as the header `Accept` asks for it (RFC 9110 §12.5.1); null where it leaves nothing
 * that the service has, or is too long to be read. A request without the header takes anything.
 */
export function acceptedType(accept: string | undefined): string | null {
  if (!accept) return OFFERED[0]!;
  if (OFFERED.includes(accept)) return accept; // As nearly all clients write it.
  if (accept.length > LONGEST) return null;
  // Of the parameters, the weight and the charset matter.
  const asked = accept
    .replace(/;(?!\s*(?:q|charset)\s*=)[^;,]*/gi, '')
    .replace(/charset\s*=\s*"?utf-?8"?/gi, 'charset=utf-8');
  const [chosen] = new Negotiator({ headers: { accept: asked } }).mediaTypes(WITH_CHARSET);
  return chosen?.split(';', 1)[0] ?? null;
}
