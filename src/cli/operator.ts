import type { App } from '../app.ts';
import { UnitOfWork } from '../database/unit-of-work.ts';
import { type InvalidInput, problemTexts } from '../kernel/input.ts';

/**
 * A change by the operator, who has access to the database and needs no credential.
 *
 * @param command the command, as the user agent of a session that it starts
 */
export function operatorWork({ database }: App, command: string): UnitOfWork {
  const origin = { ipAddress: null, userAgent: command, requestId: 'cli' };
  return new UnitOfWork(database.forkReserved(), null, origin, async () => false);
}

/** All problems of an input, one on each line. */
export function problemsOf({ fields }: InvalidInput): Error {
  return new Error(problemTexts(fields).join('\n'));
}
