import type { EventData } from './event-data.ts';
import { detailsOf, type HashedEvent } from './event-hash.ts';
import { moment } from './statements.ts';

/** SQL for the columns of an event, the same on both databases. @param e the alias of `audit_events` */
export function eventColumns(e: string): string {
  return `${e}.id, ${e}.type, ${moment(`${e}.occurred_at`)} as "occurredAt",
    ${e}.actor_user_id as "actorId", ${e}.actor_credential_id as "actorCredentialId", ${e}.subject_id as "subjectId",
    ${e}.workspace_id as "workspaceId", ${e}.request_id as "requestId", ${e}.outcome, ${e}.reason, ${e}.data::text as data,
    ${e}.ip_address as "ipAddress", ${e}.ip_address_sealed as "ipAddressSealed", ${e}.ip_address_digest as "ipAddressDigest",
    ${e}.user_agent_sealed as "userAgentSealed", ${e}.user_agent_digest as "userAgentDigest"`;
}

/** A row of `eventColumns`. */
export interface EventRow extends Omit<HashedEvent, 'details' | 'personal'> {
  readonly data: string;
  /** The address that an earlier release wrote; null as soon as the event is chained. */
  readonly ipAddress: string | null;
  readonly ipAddressSealed: string | null;
  readonly ipAddressDigest: string | null;
  readonly userAgentSealed: string | null;
  readonly userAgentDigest: string | null;
}

/** What the hash of this event covers. */
export function hashedEventOf(row: EventRow): HashedEvent {
  return {
    id: row.id,
    type: row.type,
    occurredAt: row.occurredAt,
    actorId: row.actorId,
    actorCredentialId: row.actorCredentialId,
    subjectId: row.subjectId,
    workspaceId: row.workspaceId,
    requestId: row.requestId,
    outcome: row.outcome,
    reason: row.reason,
    details: detailsOf((JSON.parse(row.data) ?? {}) as EventData),
    personal: { ipAddress: row.ipAddressDigest, userAgent: row.userAgentDigest },
  };
}
