import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { userBounds, usersAs } from '../accounts/user.sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { PermissionBound } from '../identity/permission.ts';
import { scopesNotHeld } from '../identity/principal.ts';
import type { Scope, UserRole } from '../identity/scope.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';
import { apiKeyTag } from '../revocation/tags.ts';
import { findForChange } from './api-key.access.ts';
import { ApiKey, type ApiKeySettings } from './api-key.entity.ts';
import { grantNotHeld } from './api-key.reach.ts';
import type { ApiKeyServiceOptions } from './api-key.service.ts';
import {
  type ApiKeyChanges,
  type CheckedChanges,
  checkChanges,
  isNarrower,
  liftsRestriction,
} from './api-key-changes.ts';

const USER = `select ${userBounds('u')} from ${usersAs('u')} where u.id = ?`;

export type ApiKeyUpdateOptions = Pick<
  ApiKeyServiceOptions,
  'audit' | 'barrier' | 'clock' | 'metadata' | 'lockRole' | 'keepBounds'
>;

export type UpdateApiKeyOutcome =
  | { kind: 'updated'; apiKey: ApiKey; receipt: Receipt | null }
  | { kind: 'notFound' }
  | { kind: 'revoked'; revokedAt: Date }
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | InvalidInput;

export type EndApiKeyOverlapOutcome = { kind: 'ended'; apiKey: ApiKey; receipt: Receipt } | { kind: 'notFound' };

/** An update that was committed. */
interface Updated {
  kind: 'committed';
  apiKey: ApiKey;
  changed: (keyof ApiKeySettings)[];
  isNarrowed: boolean;
  changedAt: Date;
}

/** The settings of which a change can narrow what a key may do. */
const DECIDING: readonly (keyof ApiKeyChanges)[] = [
  ...(['scopes', 'permissions', 'allowedAddresses', 'expiresAt', 'rateLimit'] as const),
];

/** Changes API keys that exist. */
export class ApiKeyUpdateService {
  readonly #options: ApiKeyUpdateOptions;

  constructor(options: ApiKeyUpdateOptions) {
    this.#options = options;
  }

  /**
   * Changes what is given and leaves the rest. What narrows the key takes effect like a revocation. What widens it must be
   * within what the caller holds, and no key widens itself. To remove a restriction, the caller must hold the scopes and
   * permissions of the key.
   */
  async update(
    unitOfWork: UnitOfWork,
    { apiKeyId, ...changes }: ApiKeyChanges & { apiKeyId: string },
  ): Promise<UpdateApiKeyOutcome> {
    const outcome = await unitOfWork.transaction(() => this.#update(unitOfWork, apiKeyId, changes), apiKeyId);
    if (outcome.kind !== 'committed') return outcome;
    const { apiKey, changed, isNarrowed, changedAt } = outcome;
    // If nothing changed, this may be the retry of a call that was not answered and is still propagating.
    const mayPropagate = isNarrowed || (changed.length === 0 && DECIDING.some((name) => changes[name] !== undefined));
    const receipt = mayPropagate ? await this.#propagated(apiKey, changedAt) : null;
    return { kind: 'updated', apiKey, receipt: isNarrowed ? receipt : null };
  }

  async #update(
    unitOfWork: UnitOfWork,
    apiKeyId: string,
    changes: ApiKeyChanges,
  ): Promise<Updated | Exclude<UpdateApiKeyOutcome, { kind: 'updated' }>> {
    const { caller, em } = unitOfWork;
    const { audit, clock, lockRole, keepBounds } = this.#options;
    const seen = await findForChange(em, { caller, apiKeyId, lockRole }, { lock: false });
    if (!seen) return { kind: 'notFound' };
    // Before the key: a change of a policy may wait for the transaction that has locked the key.
    const bounds = await keepBounds(em, seen.workspaceId);
    const lock = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const apiKey = await em.findOne(ApiKey, { id: apiKeyId }, lock);
    if (!apiKey) return { kind: 'notFound' };
    if (apiKey.revokedAt) return { kind: 'revoked', revokedAt: apiKey.revokedAt };
    const now = clock.now();
    if (apiKey.isExpired(now)) return expired();
    const added = changes.scopes?.filter((scope) => !apiKey.scopes.includes(scope)) ?? [];
    const missing = scopesNotHeld(caller, added);
    if (missing.length > 0) return { kind: 'scopeNotHeld', scopes: missing };
    const user = await userOf(em, apiKey);
    const checked = checkChanges(changes, { apiKey, user, caller, bounds, now });
    if ('kind' in checked) return checked;
    const beyond = liftsRestriction(apiKey.settings, checked) ? await grantNotHeld(em, caller, apiKey) : null;
    if (beyond) return beyond;
    const before = apiKey.settings;
    const changed = apiKey.change(await this.#settingsOf(em, apiKey, checked), now);
    const isNarrowed = isNarrower(before, apiKey.settings);
    if (changed.length > 0) {
      const { scopes, permissions, expiresAt, workspaceId } = apiKey;
      const names = changed.map((name) => (name === 'metadataSealed' ? 'metadata' : name));
      const grant = { scopes, permissions, expiresAt: expiresAt?.toISOString() ?? null };
      const data = { changed: names, isNarrowed, ...grant };
      audit.record(unitOfWork, { type: 'api-key.updated', subjectId: apiKeyId, workspaceId, data });
    }
    return { kind: 'committed', apiKey, changed, isNarrowed, changedAt: now };
  }

  /** Ends the overlap of a rotation now. Without one, or after its end, it changes nothing, and still waits until no replica accepts it. */
  async endOverlap(unitOfWork: UnitOfWork, { apiKeyId }: { apiKeyId: string }): Promise<EndApiKeyOverlapOutcome> {
    const { caller, em } = unitOfWork;
    const { audit, clock, lockRole } = this.#options;
    const now = clock.now();
    const apiKey = await unitOfWork.transaction(async () => {
      const found = await findForChange(em, { caller, apiKeyId, lockRole }, { lock: true });
      if (found && !found.revokedAt && !found.isExpired(now) && found.endOverlap(now)) {
        const { workspaceId } = found;
        audit.record(unitOfWork, { type: 'api-key.overlap-ended', subjectId: apiKeyId, workspaceId, data: {} });
      }
      return found;
    }, apiKeyId);
    if (!apiKey) return { kind: 'notFound' };
    return { kind: 'ended', apiKey, receipt: await this.#propagated(apiKey, now) };
  }

  /** Metadata that stays the same is not sealed again. */
  async #settingsOf(
    em: EntityManager,
    apiKey: ApiKey,
    { metadata, ...settings }: CheckedChanges,
  ): Promise<Partial<ApiKeySettings>> {
    const vault = this.#options.metadata;
    const sql = sqlIn(em);
    if (metadata === undefined || (await vault.holds(apiKey, metadata, sql))) return settings;
    return { ...settings, metadataSealed: await vault.seal(apiKey, metadata, sql) };
  }

  #propagated(apiKey: ApiKey, changedAt: Date): Promise<Receipt> {
    return this.#options.barrier.waitUntilPropagated(apiKeyTag(apiKey.id), changedAt);
  }
}

async function userOf(em: EntityManager, { userId }: ApiKey): Promise<PermissionBound | null> {
  if (userId === null) return null;
  const [user] = await em.execute<{ role: UserRole; userPermissions: string[] }[]>(USER, [userId]);
  return user ? { role: user.role, permissions: user.userPermissions } : null;
}

const expired = (): InvalidInput => ({
  kind: 'invalidInput',
  fields: [{ path: 'input.apiKeyId', message: 'The key has expired and cannot be changed. Create a new one.' }],
});
