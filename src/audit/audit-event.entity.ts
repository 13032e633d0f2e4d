import { defineEntity, p } from '@mikro-orm/core';
import { sealedProperty } from '../database/sealed-field.ts';
import type { EventData } from './event-data.ts';
import { PERSONAL_FIELDS } from './personal-field.ts';

/** One event of a credential or an account: who, what, to what, when, from where. */
export class AuditEvent {
  id!: string;
  type!: string;
  occurredAt!: Date;
  actorUserId!: string | null;
  actorCredentialId!: string | null;
  subjectId!: string | null;
  workspaceId!: string | null;
  /** The address of the client with its salt; null if there is none or if it was erased. See `salted`. */
  ipAddress!: string | null;
  ipAddressSealed!: string | null;
  ipAddressDigest!: string | null;
  /** The user agent of the client, in the same form. */
  userAgent!: string | null;
  userAgentSealed!: string | null;
  userAgentDigest!: string | null;
  requestId!: string | null;
  data!: EventData;
  outcome!: 'SUCCEEDED' | 'REFUSED';
  /** Why the request was refused; null if it was not. */
  reason!: string | null;
  /**
   * The position in commit order: higher than that of every change it depends on. The database sets it at the commit.
   */
  readonly position?: number | null;
}

export const AUDIT_EVENT_PROPERTIES = [
  sealedProperty({ field: PERSONAL_FIELDS.ip_address, entity: AuditEvent, property: 'ipAddress' }),
  sealedProperty({ field: PERSONAL_FIELDS.user_agent, entity: AuditEvent, property: 'userAgent' }),
];

export const AuditEventSchema = defineEntity({
  class: AuditEvent,
  tableName: 'audit_events',
  properties: {
    id: p.string().primary(),
    type: p.string(),
    occurredAt: p.datetime(),
    actorUserId: p.string().nullable(),
    actorCredentialId: p.string().nullable(),
    subjectId: p.string().nullable(),
    workspaceId: p.string().nullable(),
    ipAddressSealed: p.text().nullable(),
    ipAddressDigest: p.string().nullable(),
    userAgentSealed: p.text().nullable(),
    userAgentDigest: p.string().nullable(),
    requestId: p.string().nullable(),
    data: p.json<EventData>(),
    outcome: p.string().$type<AuditEvent['outcome']>(),
    reason: p.string().nullable(),
    // A formula is never written.
    position: p
      .bigint('number')
      .nullable()
      .formula((_columns, table) => `${table}.position`),
  },
});
