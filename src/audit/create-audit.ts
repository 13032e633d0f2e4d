import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { auditLogEvents } from './audit.events.ts';
import type { audit as feature } from './audit.feature.ts';
import { Audit } from './audit.ts';
import { AuditKeys } from './audit-keys.ts';
import { AuditLog } from './audit-log.ts';
import { AuditChain } from './chain.ts';
import { Checkpoints } from './checkpoints.ts';
import { PersonalReads } from './personal-reads.ts';
import { rejectionEvents } from './rejection.events.ts';
import { Rejections, type RejectionsOptions } from './rejections.ts';
import { Retention } from './retention.ts';

/** Milliseconds between two runs of the chain, and between two searches for chains that need a checkpoint. */
const CHAIN_EVERY_MS = 1000;
const SIGN_EVERY_MS = 10_000;

/** The hash chains of the audit log. Each feature records its own events. */
export function createAudit(
  { database, sealer, clock: machineClock, databaseClock: clock, logger, replica }: Platform,
  { auditRetentionDays: days }: ValuesOf<typeof feature.variables>,
  { keepUsers }: Pick<RejectionsOptions, 'keepUsers'>,
) {
  const { reads, fork } = database;
  const keys = new AuditKeys(sealer);
  const chain = new AuditChain({ reads, fork, sealer, clock: machineClock });
  const checkpoints = new Checkpoints({ fork, keys, clock });
  const audit = new Audit(auditLogEvents, clock);
  const retention = new Retention({ fork, keys, audit, clock, days });
  const personalReads = new PersonalReads({ fork, audit, keepUsers, clock: machineClock, replica: () => replica.id });
  const rejections = new Rejections({
    ...{ fork, logger, keepUsers, clock: machineClock },
    audit: new Audit(rejectionEvents, clock),
    replica: () => replica.id,
  });
  return {
    chain,
    checkpoints,
    log: new AuditLog({ chain, sealer, sql: reads }),
    rejections,
    personalReads,
    /** Records that the operator exports the log. Call it before the export returns an event. */
    recordExport(unitOfWork: UnitOfWork, { workspaceId, personal }: { workspaceId: string | null; personal: boolean }) {
      const event = { type: 'audit.exported', subjectId: workspaceId, workspaceId, data: { personal } } as const;
      return unitOfWork.transaction(async () => audit.record(unitOfWork, event));
    },
    jobs: {
      'purging the audit log': () => retention.purge(),
      'counting rejected requests': () => rejections.summarize(),
      'counting reads of personal data': () => personalReads.summarize(),
    },
    timers: [
      { name: 'chaining the audit log', everyMs: CHAIN_EVERY_MS, work: () => chain.chain() },
      { name: 'signing the audit log', everyMs: SIGN_EVERY_MS, work: () => checkpoints.sign() },
    ],
    async stop() {
      try {
        await rejections.summarize({ all: true });
        await personalReads.summarize({ all: true });
      } finally {
        await chain.close();
      }
    },
  } satisfies Part & Record<string, unknown>;
}
