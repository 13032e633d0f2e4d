/** The five characters in which the database itself says what happened; undefined where it was somebody else who spoke. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  // Each state that we can meet has a digit. EPIPE, of the network, has five letters and none.
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether the connection broke before the server had said how the statement ended. Then nobody knows whether it was
 * carried out, which matters for one that commits.
 */
export function connectionBroke(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || state.startsWith('08') || state.startsWith('57P');
}
