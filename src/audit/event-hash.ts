import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { EventData } from './event-data.ts';

/** The `previousHash` of the first event of a chain. */
export const NO_HASH = '0'.repeat(64);

/** The name of the chain of events without a workspace. Every other chain has the id of its workspace as its name. */
export const INSTALLATION_CHAIN = '*';

/** What the hash of an event covers, besides its place in the chain. */
export interface HashedEvent {
  readonly id: string;
  readonly type: string;
  /** RFC 3339, UTC, with milliseconds. */
  readonly occurredAt: string;
  readonly actorId: string | null;
  readonly actorCredentialId: string | null;
  readonly subjectId: string | null;
  readonly workspaceId: string | null;
  readonly requestId: string | null;
  readonly outcome: 'SUCCEEDED' | 'REFUSED';
  readonly reason: string | null;
  readonly details: Readonly<Record<string, string>>;
  /** The digests of the personal fields. */
  readonly personal: { readonly ipAddress: string | null; readonly userAgent: string | null };
}

/** The place of an event in its chain. */
export interface ChainPlace {
  /** From 1, in commit order. */
  readonly sequence: number;
  readonly previousHash: string;
}

/** The object that is hashed. An export contains the same object and its hash. */
export function hashedObject(event: HashedEvent, { sequence, previousHash }: ChainPlace) {
  return {
    actorCredentialId: event.actorCredentialId,
    actorId: event.actorId,
    details: event.details,
    id: event.id,
    occurredAt: event.occurredAt,
    outcome: event.outcome,
    personal: { ipAddress: event.personal.ipAddress, userAgent: event.personal.userAgent },
    previousHash,
    reason: event.reason,
    requestId: event.requestId,
    sequence,
    subjectId: event.subjectId,
    type: event.type,
    workspaceId: event.workspaceId,
  };
}

/** The hash of an event in its place: lower-case hex SHA-256 of the canonical JSON (RFC 8785). */
export function hashOf(event: HashedEvent, place: ChainPlace): string {
  return hash('sha256', canonicalJson(hashedObject(event, place)), 'hex');
}

/** The chain to which an event belongs. */
export function chainOf(event: { workspaceId: string | null }): string {
  return event.workspaceId ?? INSTALLATION_CHAIN;
}

/**
 * The data of an event as an object of texts. A text stays as it is. A number, a boolean and a list become their JSON.
 * A null is left out.
 */
export function detailsOf(data: EventData): Record<string, string> {
  const details: Record<string, string> = {};
  for (const [name, value] of Object.entries(data)) {
    if (value === null) continue;
    details[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return details;
}
