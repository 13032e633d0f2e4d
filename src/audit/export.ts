import type { EntityManager } from '@mikro-orm/sql';
import { SealError } from '../crypto/seal.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import { AuditKeys } from './audit-keys.ts';
import { chainNames, type LinkRow, linksOf } from './chain-reader.ts';
import { hashedObject } from './event-hash.ts';
import { type EventRow, hashedEventOf } from './event-rows.ts';
import { openPersonal, type PersonalField } from './personal-field.ts';
import {
  CHECKPOINTS,
  type Checkpoint,
  checkpointOf,
  REMOVAL,
  type Removal,
  removalOf,
  type SignedRow,
} from './statements.ts';

export interface ExportOptions {
  em: EntityManager;
  sealer: Sealer;
  /** The chain of this workspace alone; null for all chains. */
  workspaceId: string | null;
  /** Whether addresses and user agents are part of the export, with their salts. */
  withPersonal: boolean;
}

/**
 * The audit log as JSON lines, without line breaks. The lines are enough to verify the chains. First come the public
 * keys. Then each chain has the summary of the removed events, and its events in their order. A checkpoint follows the
 * event that it signs.
 */
export async function* exportLines({ em, workspaceId, ...options }: ExportOptions): AsyncGenerator<string> {
  const keys = new AuditKeys(options.sealer);
  for (const { kid, publicJwk } of await keys.all(em)) yield JSON.stringify({ kind: 'key', kid, publicJwk });
  for (const chain of workspaceId === null ? await chainNames(em) : [workspaceId])
    yield* chainLines(em, chain, options);
}

async function* chainLines(
  em: EntityManager,
  chain: string,
  options: Omit<ExportOptions, 'em' | 'workspaceId'>,
): AsyncGenerator<string> {
  const [removal] = await em.execute<SignedRow<Removal>[]>(REMOVAL, [chain]);
  if (removal) yield JSON.stringify({ kind: 'removal', statement: removalOf(removal), signature: removal.signature });
  const rows = await em.execute<SignedRow<Checkpoint>[]>(CHECKPOINTS, [chain]);
  const checkpoints = new Map(rows.map((row) => [row.sequence, row]));
  const checkpointAfter = (sequence: number) => {
    const row = checkpoints.get(sequence);
    return row ? [JSON.stringify({ kind: 'checkpoint', statement: checkpointOf(row), signature: row.signature })] : [];
  };
  if (removal) yield* checkpointAfter(removal.lastSequence);
  for await (const links of linksOf(em, chain)) {
    for (const link of links) {
      yield await eventLine(link, { ...options, sql: sqlIn(em) });
      yield* checkpointAfter(link.sequence);
    }
  }
}

async function eventLine(
  link: LinkRow,
  { sealer, withPersonal, sql }: Omit<ExportOptions, 'em' | 'workspaceId'> & { sql: Sql },
): Promise<string> {
  const { eventId, sequence, previousHash, hash } = link;
  // The chain of the export is not valid then. The line names the missing event.
  if (link.id === null) return JSON.stringify({ kind: 'missing', eventId, sequence, previousHash, hash });
  const row = link as EventRow & LinkRow;
  const event = hashedObject(hashedEventOf(row), { sequence, previousHash });
  const opened = async (field: PersonalField, sealed: string | null) => {
    if (sealed === null) return null;
    try {
      const { salt, value } = await openPersonal(sealer, { eventId, field, sealed }, sql);
      return { salt: salt.toString('hex'), value };
    } catch (error) {
      // The verification reports a value that was changed. The export goes on.
      if (error instanceof SealError) return { error: error.code };
      throw error;
    }
  };
  const personal = withPersonal && {
    ipAddress: await opened('ip_address', row.ipAddressSealed),
    userAgent: await opened('user_agent', row.userAgentSealed),
  };
  return JSON.stringify({ kind: 'event', event, hash, ...(personal ? { personal } : {}) });
}
