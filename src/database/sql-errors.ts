import { messageOf } from '../kernel/message.ts';

/**
 * What PostgreSQL says where it cannot do now what it is asked to do. No text of a client decides about these: every
 * statement of this service has run before, and the same one may succeed later. A state that is not listed means that
 * the statement is wrong, or that a rule of the data forbids it.
 */
const CANNOT_NOW: [states: RegExp, why: string][] = [
  [/^08/, 'the connection failed'],
  [/^0A000/, 'a standby cannot read unlogged tables, which hold the rate limits'],
  [/^25006/, 'the server is a standby, or read-only'],
  [/^25P0[34]/, 'the transaction was idle or open for too long'],
  [/^28/, 'the server rejects the user name or the password of this service'],
  [/^3D000/, 'the database does not exist'],
  [/^40001/, 'a serialization failure after the last retry'],
  [/^40P01/, 'a deadlock after the last retry'],
  [/^42501/, 'the role of this service lacks a privilege'],
  [/^53/, 'no disk space, memory or connection is left'],
  [/^55000/, 'the database accepts no connections, or the server is in recovery'],
  [/^55P03/, 'a lock was not available in time'],
  [/^57/, 'the statement was canceled or timed out, or the server is starting or stopping'],
  [/^58/, 'the operating system failed, for example with an I/O error'],
  [/^72000/, 'the snapshot is too old'],
  [/^XX/, 'the server itself failed, for example at a corrupted page'],
];

/**
 * States that leave open how a statement ended. PostgreSQL itself says 58 and XX only of what it has rolled back; a proxy
 * before it also says so where the connection between the two ended.
 */
const ENDS_UNKNOWN = /^(08|40003|57P|58|XX)/;

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
  /^(Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|The database did not answer in time\.$|Client (was closed|has encountered a connection error) and is not queryable$)/;

/** No connection could be opened, for whatever reason: nothing was asked yet, so nothing was done. */
export class NotConnected extends Error {
  /** "SQL client unable to establish SQL connection". The ORM copies properties, not causes. */
  readonly code = '08001';

  constructor(cause: unknown) {
    super(`No connection to the database: ${messageOf(cause)}`, { cause });
    this.name = 'NotConnected';
  }
}

/** For the `catch` of a promise that opens a connection. */
export function notConnected(error: unknown): never {
  throw new NotConnected(error);
}

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
  return state === undefined || ENDS_UNKNOWN.test(state);
}

/**
 * Why the database cannot do it now, in words for an operator, where the server itself says why; undefined where it says
 * nothing, or only that a connection ended.
 */
export function whyNotNow(error: unknown): string | undefined {
  const states = causesOf(error).map(sqlStateOf);
  const state = states.findLast((each) => each !== undefined && !/^(08|57P)/.test(each));
  if (state === undefined) return undefined;
  const [, why] = CANNOT_NOW.find(([states]) => states.test(state)) ?? [];
  return `${why ?? 'the server rejects the statement'} (SQLSTATE ${state})`;
}

/**
 * Whether an error, or what caused it, is that the database cannot do it now: out of reach, shut down, a standby, full, or
 * too slow, be it for a lock that another session holds. Nothing is wrong with the question: asked again later, it may be
 * answered.
 */
export function databaseDidNotAnswer(error: unknown): boolean {
  return causesOf(error).some((each) => {
    const state = sqlStateOf(each);
    if (state !== undefined) return CANNOT_NOW.some(([states]) => states.test(state));
    return UNREACHABLE.has((each as NodeJS.ErrnoException).code ?? '') || SILENCE.test(each.message);
  });
}

/** An error, its cause, the cause of that, and so on. */
function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < DEEPEST; each = each.cause) chain.push(each);
  return chain;
}
