import type { z } from 'zod';
import type { RequestOrigin, UnitOfWork } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { AuditEvent } from './audit-event.entity.ts';
import type { AuditEvents } from './event-data.ts';
import { salted } from './personal-field.ts';

/** The type, subject and data of an event. The actor and the origin come from the scope. */
export type RecordedEvent<Events extends AuditEvents> = {
  [Type in keyof Events & string]: {
    type: Type;
    /** Null if it is not known, e.g. at a login with an unknown address. */
    subjectId: string | null;
    workspaceId?: string | null;
    /** The acting user if it is not the caller, e.g. at a login. */
    actorUserId?: string;
    /** Why the request was refused. Left out if it succeeded. */
    refusedBecause?: string;
    data: z.input<Events[Type]>;
  };
}[keyof Events & string];

/** The transaction of an event, its caller and its origin. Both are null for what the service does by itself. */
export interface AuditScope extends Pick<UnitOfWork, 'em' | 'principal'> {
  readonly origin:
    | ({ readonly [Part in 'ipAddress' | 'requestId']: RequestOrigin[Part] | null } & {
        readonly userAgent?: string | null;
      })
    | null;
}

/**
 * Records the events of one feature. An event is part of the change: a change that cannot be recorded is rolled back.
 */
export class Audit<Events extends AuditEvents> {
  readonly #events: Events;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(events: Events, clock: Pick<Clock, 'now'>) {
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * Adds the event to the current transaction. Persists, never flushes.
   *
   * @throws ZodError if the data is not as declared, which rolls the transaction back
   */
  record({ em, principal, origin }: AuditScope, event: RecordedEvent<Events>): void {
    const id = newId('evt');
    const ipAddress = origin?.ipAddress ? salted(origin.ipAddress) : null;
    const userAgent = origin?.userAgent ? salted(origin.userAgent) : null;
    em.persist(
      Object.assign(new AuditEvent(), {
        id,
        type: event.type,
        occurredAt: this.#clock.now(),
        actorUserId: event.actorUserId ?? principal?.userId ?? null,
        actorCredentialId: principal?.credentialId ?? null,
        subjectId: event.subjectId,
        workspaceId: event.workspaceId ?? null,
        ipAddress: ipAddress?.text ?? null,
        ipAddressDigest: ipAddress?.digest ?? null,
        userAgent: userAgent?.text ?? null,
        userAgentDigest: userAgent?.digest ?? null,
        requestId: origin?.requestId ?? null,
        data: this.#events[event.type]!.parse(event.data),
        outcome: event.refusedBecause === undefined ? 'SUCCEEDED' : 'REFUSED',
        reason: event.refusedBecause ?? null,
      }),
    );
  }
}
