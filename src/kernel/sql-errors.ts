/** Ended or refused connections (08…, 57P…), and what a server says that has no time, no lock or no place to give. */
const NO_ANSWER = /^(08|57P|57014|55P03|53300|25P03)/;

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What `pg` says, in words alone, where it was not the server that spoke. */
const SILENCE =
  /^(Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|Client (was closed|has encountered a connection error) and is not queryable$)/;

/** Causes have causes; nothing here is wrapped more often than this. */
const DEEPEST = 8;

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

/**
 * Whether an error, or what caused it, is that the database did not answer: out of reach, shut down, full, or too slow,
 * be it for a lock that somebody else holds. Nothing is wrong with the question: asked again later, it may be answered.
 */
export function databaseDidNotAnswer(error: unknown): boolean {
  for (let depth = 0, each = error; depth < DEEPEST && each instanceof Error; depth++, each = each.cause) {
    const state = sqlStateOf(each);
    // A cancelled statement (57014) ran out of time, or an operator had mercy: to its caller that is the same.
    if (state === undefined ? UNREACHABLE.has((each as NodeJS.ErrnoException).code ?? '') : NO_ANSWER.test(state))
      return true;
    if (SILENCE.test(each.message)) return true;
  }
  return false;
}
