import Negotiator from 'negotiator';

/** What `/graphql` answers with, the best first for those who take anything (GraphQL over HTTP, §6.1). */
const OFFERED = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed'];
/** UTF-8 is what all of them are written in; a client may say so. */
const WITH_CHARSET = OFFERED.flatMap((type) => [type, `${type}; charset=utf-8`]);

/**
 * The media type to answer with, as the header `Accept` asks for it (RFC 9110 §12.5.1); null where it leaves nothing
 * that the service has. A request without the header takes anything.
 */
export function acceptedType(accept: string | undefined): string | null {
  if (accept === undefined || OFFERED.includes(accept)) return accept ?? OFFERED[0]!; // As nearly all clients write it.
  const [chosen] = new Negotiator({ headers: { accept } }).mediaTypes(WITH_CHARSET);
  return chosen?.split(';', 1)[0] ?? null;
}
