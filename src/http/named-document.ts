/**
 * A message of `graphql-transport-ws` for the library, which closes the connection if an operation has no text. An
 * operation that names its document with `documentId` gets an empty text until the library has read it. Every other
 * message stays as it is. `asSent` is the reverse.
 */
export function withText(message: string): string {
  if (!message.includes('"documentId"')) return message;
  try {
    const { payload, ...others } = JSON.parse(message);
    if (payload?.documentId == null || payload.query != null) return message;
    return JSON.stringify({ ...others, payload: { ...payload, query: '' } });
  } catch {
    return message; // The library rejects it.
  }
}

/** The operation as the client sent it. */
export function asSent(payload: Readonly<Record<string, unknown>>): unknown {
  const { query, ...named } = payload;
  return query === '' && named.documentId != null ? named : payload;
}
