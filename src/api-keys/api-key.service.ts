import { LockMode, OptimisticLockError } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf, makeSecret } from '../crypto/secret-text.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { FOREIGN_KEY_VIOLATION, sqlStateOf } from '../database/sql-errors.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError } from '../identity/access-error.ts';
import { type BoundsInForce, policyEndOfNew } from '../identity/credential-policy.ts';
import { checkNewExpiry } from '../identity/grant.ts';
import { checkOverlap } from '../identity/overlap.ts';
import { owningWorkspace, scopesNotHeld } from '../identity/principal.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { apiKeyTag } from '../revocation/tags.ts';
import { findForChange, type LockRole } from './api-key.access.ts';
import { ApiKey, MAX_OVERLAP_SECONDS } from './api-key.entity.ts';
import type { apiKeyEvents } from './api-key.events.ts';
import { type CheckedApiKey, checkNewApiKey, type NewApiKeyInput } from './api-key.input.ts';
import { countActiveApiKeys } from './api-key.queries.ts';
import { beyondReach } from './api-key.reach.ts';
import type { IdempotentCall, IdempotentCreations } from './idempotent-creations.ts';
import type { MetadataVault } from './metadata.ts';

const LONGEST_OVERLAP = { seconds: MAX_OVERLAP_SECONDS, inWords: '30 days' };
const VERSION: Statement = { name: 'api-key-version', text: 'select version from api_keys where id = $1' };

export interface ApiKeyServiceOptions {
  /** For reads before it is the caller's turn: not the connections of units of work. */
  reads: Sql;
  audit: Audit<typeof apiKeyEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  /** Active keys that one user may have; 0 means no limit. */
  maxPerUser: number;
  metadata: MetadataVault;
  creations: IdempotentCreations;
  /** Whether this user is a member of this workspace. Locks the membership, so that it lasts until the commit. */
  lockMembership: (em: EntityManager, member: { workspaceId: string; userId: string }) => Promise<boolean>;
  lockRole: LockRole;
  /** The policies for the keys of a workspace, or for other keys. They stay in force until the end of the transaction. */
  keepBounds: (em: EntityManager, workspaceId: string | null) => Promise<BoundsInForce>;
}

interface Created {
  kind: 'created';
  apiKey: ApiKey;
  secret: string;
}

export type CreateApiKeyOutcome =
  | Created
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | { kind: 'quotaReached'; limit: number }
  | { kind: 'workspaceNotFound' }
  | { kind: 'idempotencyKeyReused' }
  | InvalidInput;

interface Rotated {
  kind: 'rotated';
  apiKey: ApiKey;
  secret: string;
  previousSecretExpiresAt: Date;
  receipt: Receipt;
}

export type RotateApiKeyOutcome =
  | Rotated
  | { kind: 'notFound' }
  | { kind: 'revoked'; revokedAt: Date }
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | { kind: 'conflict' }
  | InvalidInput;

export type RevokeApiKeyOutcome = { kind: 'revoked'; apiKey: ApiKey; receipt: Receipt } | { kind: 'notFound' };

/** The parameters of a rotation. */
interface Replacement {
  apiKeyId: string;
  overlapSeconds: number;
  secret: string;
  /** The version of the key when the request arrived. */
  seenVersion: number;
}

/** Creates, rotates and revokes API keys. */
export class ApiKeyService {
  readonly #options: ApiKeyServiceOptions;

  constructor(options: ApiKeyServiceOptions) {
    this.#options = options;
  }

  /**
   * Creates a key for the caller or for a workspace, with at most the scopes, permissions, addresses and lifetime of the
   * caller. With an idempotency key, a call that succeeded before returns the same key again.
   */
  async create(unitOfWork: UnitOfWork, input: NewApiKeyInput): Promise<CreateApiKeyOutcome> {
    const { caller, em } = unitOfWork;
    if (caller.userId === null && owningWorkspace(caller) === null)
      throw new AccessError('FORBIDDEN', 'Only a session or an API key can create an API key.');
    const now = this.#options.clock.now();
    const scopes = scopesNotHeld(caller, input.scopes);
    const checked: CheckedApiKey | CreateApiKeyOutcome =
      scopes.length > 0 ? { kind: 'scopeNotHeld', scopes } : checkNewApiKey(input, caller, now);
    const { idempotencyKey } = input;
    const call = idempotencyKey === null ? null : { caller, input, idempotencyKey, now };
    if ('kind' in checked && !call) return checked;
    try {
      return await unitOfWork.transaction<CreateApiKeyOutcome>(async () => {
        const repeated = call && (await this.#options.creations.repeat(em, call));
        if (repeated) return repeated.kind === 'created' ? this.#repeated(unitOfWork, repeated) : repeated;
        if ('kind' in checked) return checked;
        return (await this.#refusal(unitOfWork, checked)) ?? this.#create(unitOfWork, checked, { input, call, now });
      });
    } catch (error) {
      // The workspace was deleted meanwhile. No user can be: the transaction has locked the caller.
      if (sqlStateOf(error) === FOREIGN_KEY_VIOLATION) return { kind: 'workspaceNotFound' };
      throw error;
    }
  }

  /**
   * The answer to an earlier call, once more. The caller must still be allowed to see the key and hold what it can do:
   * since then, it may have left the workspace, or have lost permissions.
   */
  async #repeated(unitOfWork: UnitOfWork, created: Created): Promise<CreateApiKeyOutcome> {
    const { caller, em } = unitOfWork;
    const { id: apiKeyId, workspaceId } = created.apiKey;
    const apiKey = await findForChange(em, { caller, apiKeyId, lockRole: this.#options.lockRole }, { lock: false });
    if (apiKey) return (await beyondReach(em, caller, apiKey)) ?? created;
    return (await this.#refusal(unitOfWork, { owner: 'WORKSPACE', workspaceId })) ?? { kind: 'workspaceNotFound' };
  }

  /** Why the caller cannot have this key; null if it can. What decides it is locked until the commit. */
  async #refusal(
    { caller, em }: UnitOfWork,
    { owner, workspaceId }: Pick<CheckedApiKey, 'owner' | 'workspaceId'>,
  ): Promise<CreateApiKeyOutcome | null> {
    const { lockMembership, lockRole, maxPerUser } = this.#options;
    const { userId } = caller;
    if (caller.workspaceId && workspaceId !== caller.workspaceId) return { kind: 'workspaceNotFound' };
    if (owner === 'WORKSPACE') {
      const role = await lockRole(em, caller, workspaceId ?? '');
      if (role === null) return { kind: 'workspaceNotFound' };
      if (role === 'OWNER') return null;
      throw new AccessError('FORBIDDEN', 'Only an owner of the workspace or an administrator can create keys of it.');
    }
    // The end of the membership waits for this key, and revokes it.
    const isPlaceable = workspaceId === null || (await lockMembership(em, { workspaceId, userId: userId ?? '' }));
    if (!isPlaceable) return { kind: 'workspaceNotFound' };
    return (await this.#quotaReached(em, userId ?? '')) ? { kind: 'quotaReached', limit: maxPerUser } : null;
  }

  async #create(
    unitOfWork: UnitOfWork,
    { owner, metadata, ...settings }: CheckedApiKey,
    { input, call, now }: { input: NewApiKeyInput; call: IdempotentCall | null; now: Date },
  ): Promise<CreateApiKeyOutcome> {
    const { caller, em, origin } = unitOfWork;
    const { audit, creations, keepBounds } = this.#options;
    const { workspaceId } = settings;
    const bounds = await keepBounds(em, workspaceId);
    const checked = checkNewExpiry(input, { caller, now, bounds });
    if ('kind' in checked) return checked;
    const id = newId('key');
    const secret = call ? await creations.remember(em, call, id) : makeSecret('rka');
    const apiKey = ApiKey.create({
      ...settings,
      ...checked,
      id,
      userId: owner === 'USER' ? caller.userId : null,
      createdBy: caller.userId,
      metadataSealed: await this.#options.metadata.seal({ id, workspaceId }, metadata, sqlIn(em)),
      hint: hintOf(secret),
      secretHash: sha256Base64url(secret),
      createdAt: now,
      createdFromIp: origin.ipAddress,
      policyEnd: policyEndOfNew(now, bounds),
    });
    em.persist(apiKey);
    const { scopes, permissions, expiresAt } = apiKey;
    const data = { owner, scopes, permissions, expiresAt: expiresAt?.toISOString() ?? null };
    audit.record(unitOfWork, { type: 'api-key.created', subjectId: id, workspaceId, data });
    return { kind: 'created', apiKey, secret };
  }

  /** Replaces the secret of a key. Of several concurrent rotations, one succeeds and the others get `conflict`. */
  async rotate(
    unitOfWork: UnitOfWork,
    input: { apiKeyId: string; overlapSeconds: number },
  ): Promise<RotateApiKeyOutcome> {
    const invalid = checkOverlap(input.overlapSeconds, LONGEST_OVERLAP);
    if (invalid) return invalid;

    const secret = makeSecret('rka');
    // Read when the request arrives, not when it is its turn: of several concurrent rotations, all but the first find
    // another version in their transaction, also on the only connection of the embedded database.
    const seenVersion = await this.#versionOf(input.apiKeyId);
    try {
      const replace = () => this.#replaceSecret(unitOfWork, { ...input, secret, seenVersion });
      const outcome = await unitOfWork.transaction(replace, input.apiKeyId);
      if (outcome.kind !== 'rotated') return outcome;
      return { ...outcome, receipt: await this.#propagated(outcome.apiKey, outcome.apiKey.rotatedAt!) };
    } catch (error) {
      if (error instanceof OptimisticLockError) return { kind: 'conflict' };
      throw error;
    }
  }

  /** @throws OptimisticLockError if the key was changed since its version was read */
  async #replaceSecret(
    unitOfWork: UnitOfWork,
    { apiKeyId, overlapSeconds, secret, seenVersion }: Replacement,
  ): Promise<Exclude<RotateApiKeyOutcome, { kind: 'rotated' }> | Omit<Rotated, 'receipt'>> {
    const { caller, em } = unitOfWork;
    const { audit, clock, lockRole, keepBounds } = this.#options;
    const seen = await findForChange(em, { caller, apiKeyId, lockRole }, { lock: false });
    if (!seen) return { kind: 'notFound' };
    await keepBounds(em, seen.workspaceId);
    const apiKey = await em.findOne(ApiKey, { id: apiKeyId }, { refresh: true });
    if (!apiKey) return { kind: 'notFound' };
    if (apiKey.revokedAt) return { kind: 'revoked', revokedAt: apiKey.revokedAt };
    const now = clock.now();
    if (apiKey.isExpired(now)) return expired();
    // The only optimistic lock: compared here, and again by the statement that writes the key.
    await em.lock(apiKey, LockMode.OPTIMISTIC, seenVersion);
    // The previous secret keeps its rights during the overlap, but it must not rotate the current one.
    if (caller.credentialId === apiKey.id && caller.proof !== apiKey.secretHash) return { kind: 'conflict' };
    const beyond = await beyondReach(em, caller, apiKey);
    if (beyond) return beyond;
    const replacement = { secretHash: sha256Base64url(secret), hint: hintOf(secret) };
    const previousSecretExpiresAt = apiKey.rotate(replacement, overlapSeconds, now);
    const data = { overlapSeconds, previousSecretExpiresAt: previousSecretExpiresAt.toISOString() };
    const { workspaceId } = apiKey;
    audit.record(unitOfWork, { type: 'api-key.rotated', subjectId: apiKeyId, workspaceId, data });
    return { kind: 'rotated', apiKey, secret, previousSecretExpiresAt };
  }

  /** Revokes a key. A second call changes nothing, and still waits until no replica accepts the key. */
  async revoke(
    unitOfWork: UnitOfWork,
    input: { apiKeyId: string; reason: RevocationReason },
  ): Promise<RevokeApiKeyOutcome> {
    const { caller, em } = unitOfWork;
    const { audit, clock, lockRole } = this.#options;
    const apiKey = await unitOfWork.transaction(async () => {
      const { apiKeyId } = input;
      // Locked: a revocation waits for a concurrent change of the key, and never conflicts with it.
      const found = await findForChange(em, { caller, apiKeyId, lockRole }, { lock: true });
      if (found && !found.revokedAt) {
        found.revoke(clock.now(), input.reason);
        const { id: subjectId, workspaceId } = found;
        const data = { reason: input.reason };
        audit.record(unitOfWork, { type: 'api-key.revoked', subjectId, workspaceId, data });
      }
      return found;
    }, input.apiKeyId);
    if (!apiKey) return { kind: 'notFound' };
    return { kind: 'revoked', apiKey, receipt: await this.#propagated(apiKey, apiKey.revokedAt!) };
  }

  #propagated(apiKey: ApiKey, changedAt: Date): Promise<Receipt> {
    return this.#options.barrier.waitUntilPropagated(apiKeyTag(apiKey.id), changedAt);
  }

  /** Counted under a lock, so that two concurrent calls cannot both use the last place. */
  async #quotaReached(em: EntityManager, userId: string): Promise<boolean> {
    const { maxPerUser } = this.#options;
    if (maxPerUser === 0) return false;
    await lockText(em, `api-keys:${userId}`);
    return (await countActiveApiKeys(em, userId)) >= maxPerUser;
  }

  /** The version of this key, whether or not the caller may see it. For an unknown key, a version that no key has. */
  async #versionOf(apiKeyId: string): Promise<number> {
    const [row] = await this.#options.reads.query<{ version: number }>(VERSION, [apiKeyId]);
    return row?.version ?? 0;
  }
}

const expired = (): InvalidInput => ({
  kind: 'invalidInput',
  fields: [{ path: 'input.apiKeyId', message: 'The key has expired and cannot be rotated. Create a new one.' }],
});
