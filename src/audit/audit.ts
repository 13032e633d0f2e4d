import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { AuditEvent } from './audit-event.entity.ts';

/** What can be recorded. Past tense: it is written in the same transaction as the change it tells of. */
export type AuditEventType =
  | 'account.bootstrapped'
  | 'account.registered'
  | 'account.disabled'
  | 'account.enabled'
  | 'session.started'
  | 'account.password-changed'
  | 'account.sessions-revoked'
  | 'session.revoked'
  | 'session.reuse-detected'
  | 'access-token.revoked'
  | 'workspace.created'
  | 'api-key.created'
  | 'api-key.rotated'
  | 'api-key.revoked';

/** What happened to what; who did it and from where is taken from the unit of work. Never a secret, never a hash. */
export interface RecordedEvent {
  type: AuditEventType;
  subjectId: string;
  workspaceId?: string | null;
  /** Who did it, where that is not the caller: somebody who has just logged in. */
  actorUserId?: string;
}

/** The audit log: an event is part of the change, and a change that cannot be recorded does not happen. */
export class Audit {
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Adds the event to the transaction under way. Persists, never flushes. */
  record({ em, principal, origin }: UnitOfWork, event: RecordedEvent): void {
    em.persist(
      Object.assign(new AuditEvent(), {
        id: newId('evt'),
        type: event.type,
        occurredAt: this.#clock.now(),
        actorUserId: event.actorUserId ?? principal?.userId ?? null,
        actorCredentialId: principal?.credentialId ?? null,
        subjectId: event.subjectId,
        workspaceId: event.workspaceId ?? null,
        ipAddress: origin.ipAddress,
        requestId: origin.requestId,
      }),
    );
  }
}
