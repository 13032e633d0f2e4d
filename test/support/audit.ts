// The audit log as the tests read it.
import { openPersonal, type PersonalField } from '../../src/audit/personal-field.ts';
import { Verification, type VerificationResult } from '../../src/audit/verification.ts';
import type { TestApp } from './app.ts';

/** The rows of the events that match this condition, in commit order, with their addresses and user agents opened. */
export async function auditRows(
  app: TestApp,
  where = 'true',
  values: unknown[] = [],
  // biome-ignore lint/suspicious/noExplicitAny: a row of any event
): Promise<any[]> {
  const rows = await app.sql(`select * from audit_events where ${where} order by position`, values);
  const { sealer, database } = app.app;
  return Promise.all(
    rows.map(async (row) => {
      const opened = async (field: PersonalField, sealed: string | null) =>
        sealed && (await openPersonal(sealer, { eventId: row.id, field, sealed }, database.reads)).value;
      return {
        ...row,
        ip_address: await opened('ip_address', row.ip_address_sealed),
        user_agent: await opened('user_agent', row.user_agent_sealed),
      };
    }),
  );
}

/** Chains all events, then checks the whole log. */
export async function verified(app: TestApp): Promise<VerificationResult> {
  await app.app.audit.chain.chain();
  return new Verification({ fork: app.app.database.fork, sealer: app.app.sealer }).run();
}
