import { defineEntity, p } from '@mikro-orm/core';

/** One thing that happened to a credential or an account: who, what, to what, when, from where. */
export class AuditEvent {
  id!: string;
  type!: string;
  occurredAt!: Date;
  actorUserId!: string | null;
  actorCredentialId!: string | null;
  subjectId!: string | null;
  workspaceId!: string | null;
  ipAddress!: string | null;
  requestId!: string | null;
}

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
    ipAddress: p.string().nullable(),
    requestId: p.string().nullable(),
  },
});
