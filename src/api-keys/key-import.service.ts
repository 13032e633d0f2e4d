import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { importAll } from '../database/import-all.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { BoundsInForce } from '../identity/credential-policy.ts';
import type { PermissionBound } from '../identity/permission.ts';
import { batches } from '../kernel/batches.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Import, ImportCount, ImportOutcome } from '../kernel/import.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { IMPORTED_KEYS_TAG } from '../revocation/tags.ts';
import { workspaceExists } from '../workspaces/workspace.sql.ts';
import type { apiKeyEvents } from './api-key.events.ts';
import type { ApiKeyServiceOptions } from './api-key.service.ts';
import { type CheckedImport, checkImport, type KeyToImport } from './imported-key.input.ts';
import { insertStaged, type StagedKey, stage, startStaging } from './key-staging.ts';

/** How many lines are checked and staged together. */
const BATCH = 1000;

/** How many owners and places are remembered, so that a file with very many of them needs no more memory. */
const MOST_REMEMBERED = 100_000;

/** A user who is named as the owner of keys. */
export type ImportOwner = PermissionBound & { id: string };

export interface KeyImportServiceOptions
  extends Pick<ApiKeyServiceOptions, 'audit' | 'barrier' | 'clock' | 'metadata' | 'lockMembership' | 'keepBounds'> {
  audit: Audit<typeof apiKeyEvents>;
  barrier: PropagationBarrier;
  clock: Pick<Clock, 'now'>;
  /** The users with these addresses, by the address as it was given. An unknown one is left out. */
  findOwners: (em: EntityManager, emails: readonly string[]) => Promise<ReadonlyMap<string, ImportOwner>>;
}

export type KeyImportOutcome = ImportOutcome & { receipt: Receipt | null };

type Candidate = { line: number; value: KeyToImport };

/** What the lines of one import have in common. All of it is locked or cannot narrow until the commit. */
interface Known {
  now: Date;
  owners: Map<string, ImportOwner>;
  /** By workspace; under the empty text, those of keys without one. */
  bounds: Map<string, BoundsInForce>;
  /** Whether a user, or null for a key of the workspace, may have keys there. */
  places: Map<string, boolean>;
}

/** Imports API keys from other systems, for the operator. */
export class KeyImportService {
  readonly #options: KeyImportServiceOptions;

  constructor(options: KeyImportServiceOptions) {
    this.#options = options;
  }

  /**
   * Imports all keys of a file in one transaction, or none of them if a line is rejected. The number of keys per user is
   * not limited. When it returns, every replica accepts the keys.
   */
  async run(unitOfWork: UnitOfWork, source: Import<KeyToImport>): Promise<KeyImportOutcome> {
    const { barrier, clock } = this.#options;
    const startedAt = clock.now();
    const outcome = await importAll(unitOfWork, source, (count) => this.#import(unitOfWork, source, count));
    if (outcome.rejected > 0 || source.dryRun || outcome.imported === 0) return { ...outcome, receipt: null };
    return { ...outcome, receipt: await barrier.waitUntilPropagated(IMPORTED_KEYS_TAG, startedAt) };
  }

  /** Records that the operator reads all keys with their hashes. Call it before they are handed out. */
  async recordExport(unitOfWork: UnitOfWork, count: number): Promise<void> {
    await unitOfWork.transaction(async () => {
      this.#options.audit.record(unitOfWork, { type: 'api-key.exported', subjectId: newId('exp'), data: { count } });
    });
  }

  async #import(unitOfWork: UnitOfWork, source: Import<KeyToImport>, count: ImportCount): Promise<void> {
    const { em } = unitOfWork;
    const known: Known = { now: this.#options.clock.now(), owners: new Map(), bounds: new Map(), places: new Map() };
    await startStaging(em);
    for await (const batch of batches(source.lines(), BATCH)) {
      const staged = await this.#check(em, count.valuesOf(batch), { known, count });
      for (const { line, problem } of await stage(em, staged)) count.reject(line, problem);
      em.clear();
    }
    if (count.rejected > 0 || source.dryRun) {
      count.imported = await stagedCount(em);
      return;
    }
    count.imported = await insertStaged(em, known.now);
    if (count.imported === 0) return;
    const id = newId('imp');
    await em.execute('insert into api_key_imports (id, imported_at, key_count) values (?, ?, ?)', [
      id,
      known.now.toISOString(),
      count.imported,
    ]);
    const data = { count: count.imported, format: source.format, fileSha256: source.sha256() };
    this.#options.audit.record(unitOfWork, { type: 'api-key.imported', subjectId: id, data });
  }

  /** The keys that can be staged. The other ones are rejected. */
  async #check(
    em: EntityManager,
    candidates: readonly Candidate[],
    { known, count }: { known: Known; count: ImportCount },
  ): Promise<StagedKey[]> {
    await this.#learnOwners(em, candidates, known);
    const staged: StagedKey[] = [];
    for (const { line, value } of candidates) {
      const checked = await this.#checkOne(em, value, known);
      if (typeof checked === 'string') count.reject(line, checked);
      else staged.push(await this.#staged(em, line, checked));
    }
    return staged;
  }

  async #checkOne(
    em: EntityManager,
    key: KeyToImport,
    { now, owners, bounds, places }: Known,
  ): Promise<(CheckedImport & { userId: string | null }) | string> {
    const { owner, workspaceId } = key;
    if (owner === null && workspaceId === null) return 'owner: Set an owner or a workspace.';
    const user = owner === null ? null : (owners.get(owner) ?? null);
    if (owner !== null && user === null) return 'owner: There is no user with this email address.';
    if (workspaceId !== null) {
      const place = `${workspaceId} ${user?.id ?? ''}`;
      if (places.size > MOST_REMEMBERED) places.clear();
      if (!places.has(place)) places.set(place, await this.#isPlaceable(em, workspaceId, user));
      if (!places.get(place))
        return user ? 'workspace: The owner is no member of it.' : 'workspace: There is no such workspace.';
    }
    const governed = workspaceId ?? '';
    if (!bounds.has(governed)) bounds.set(governed, await this.#options.keepBounds(em, workspaceId));
    const checked = checkImport(key, { user, bounds: bounds.get(governed)!, now });
    return typeof checked === 'string' ? checked : { ...checked, userId: user?.id ?? null };
  }

  /** The end of a membership waits for the import, and revokes the key. */
  async #isPlaceable(em: EntityManager, workspaceId: string, user: ImportOwner | null): Promise<boolean> {
    if (user) return this.#options.lockMembership(em, { workspaceId, userId: user.id });
    const [row] = await em.execute<{ exists: boolean }[]>(`select ${workspaceExists('?')} as exists`, [workspaceId]);
    return row?.exists ?? false;
  }

  async #learnOwners(em: EntityManager, candidates: readonly Candidate[], { owners }: Known): Promise<void> {
    const named = candidates.map(({ value }) => value.owner).filter((email) => email !== null);
    const unknown = [...new Set(named)].filter((email) => !owners.has(email));
    if (unknown.length === 0) return;
    if (owners.size > MOST_REMEMBERED) owners.clear(); // The ones of this batch are read again.
    const missing = [...new Set(named)].filter((email) => !owners.has(email));
    for (const [email, user] of await this.#options.findOwners(em, missing)) owners.set(email, user);
  }

  async #staged(em: EntityManager, line: number, key: CheckedImport & { userId: string | null }): Promise<StagedKey> {
    const { metadata, rateLimit, expiresAt, ...fields } = key;
    const id = newId('key');
    return {
      ...fields,
      line,
      id,
      metadataSealed: await this.#options.metadata.seal({ id, workspaceId: fields.workspaceId }, metadata, sqlIn(em)),
      expiresAt: expiresAt?.toISOString() ?? null,
      rateLimitRequests: rateLimit?.requests ?? null,
      rateLimitSeconds: rateLimit?.windowSeconds ?? null,
    };
  }
}

async function stagedCount(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>('select count(*)::int as count from pg_temp.api_keys_staged');
  return row?.count ?? 0;
}
