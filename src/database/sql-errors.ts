import { messageOf } from '../kernel/message.ts';

/**
 * The SQLSTATEs of a statement that PostgreSQL cannot execute now. No input of a client causes them: every statement of
 * this service has run before, and the same one may succeed later. A state that is not listed means that the statement
 * is wrong, or that a constraint rejects its data.
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

/** SQLSTATE of a row that refers to a row that does not exist. */
export const FOREIGN_KEY_VIOLATION = '23503';

/**
 * States after which the outcome of a statement is unknown. PostgreSQL itself reports 58 and XX only for a statement
 * that it rolled back. A proxy in front of it also reports them when the connection between the two ended.
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

/** The messages of `pg` for failures that the server did not report. They have no code. */
const SILENCE =
  /^(Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|The database did not answer in time\.$|Client (was closed|has encountered a connection error) and is not queryable$)/;

/** No connection could be opened, so no statement was sent and nothing was changed. */
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

/** The longest chain of causes that is read. No error is wrapped more often. */
const DEEPEST = 8;

/** The SQLSTATE of an error, five characters; undefined if the error does not come from the database. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  // Every SQLSTATE that can occur here has a digit. The network error EPIPE has five letters and no digit.
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether the connection broke before the server reported how the statement ended. Then it is unknown whether the
 * statement was executed, which matters for a COMMIT.
 */
export function connectionBroke(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || ENDS_UNKNOWN.test(state);
}

/**
 * Why the database cannot execute a statement now, in words for an operator; undefined if the server does not say why,
 * or only says that a connection ended.
 */
export function whyNotNow(error: unknown): string | undefined {
  const states = causesOf(error).map(sqlStateOf);
  const state = states.findLast((each) => each !== undefined && !/^(08|57P)/.test(each));
  if (state === undefined) return undefined;
  const [, why] = CANNOT_NOW.find(([states]) => states.test(state)) ?? [];
  return `${why ?? 'the server rejects the statement'} (SQLSTATE ${state})`;
}

/**
 * Whether an error or one of its causes means that the database cannot execute a statement now: it is out of reach,
 * shut down, a standby, full, or too slow, e.g. because of a lock of another session. The statement itself is
 * correct, so a retry may succeed.
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
