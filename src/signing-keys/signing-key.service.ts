import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { makeSecret } from '../crypto/secret-text.ts';
import { databaseMoment } from '../database/database-moment.ts';
import { FOREIGN_KEY_VIOLATION, sqlStateOf } from '../database/sql-errors.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { type BoundsInForce, policyEndOfNew } from '../identity/credential-policy.ts';
import { checkNewExpiry, latestEnd, requireUnlimitedAddresses } from '../identity/grant.ts';
import { checkOverlap } from '../identity/overlap.ts';
import { type Principal, permissionsNotHeld, scopesNotHeld } from '../identity/principal.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import { type Scope, staysInWorkspace } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { signingKeyTag } from './signing-key.credential.ts';
import { MAX_OVERLAP_SECONDS, SigningKey } from './signing-key.entity.ts';
import type { signingKeyEvents } from './signing-key.events.ts';
import { checkNewSigningKey, type NewSigningKeyInput } from './signing-key.input.ts';
import type { SigningSecrets } from './signing-secrets.ts';

export interface SigningKeyServiceOptions {
  audit: Audit<typeof signingKeyEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  secrets: SigningSecrets;
  /**
   * Whether a principal may see this workspace, and with it manage its signing keys. What decides it stays locked until
   * the end of the transaction.
   */
  lockAccess: (em: EntityManager, principal: Principal, workspaceId: string) => Promise<boolean>;
  /** The policies for the keys of a workspace. They stay in force until the end of the transaction. */
  keepBounds: (em: EntityManager, workspaceId: string) => Promise<BoundsInForce>;
}

export type CreateSigningKeyOutcome =
  | { kind: 'created'; signingKey: SigningKey; secret: string }
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | { kind: 'workspaceNotFound' }
  | InvalidInput;

interface Rotated {
  kind: 'rotated';
  /** The successor. */
  signingKey: SigningKey;
  previous: SigningKey;
  secret: string;
  rotatedAt: Date;
}

export type RotateSigningKeyOutcome =
  | (Omit<Rotated, 'rotatedAt'> & { receipt: Receipt })
  | { kind: 'notFound' }
  | { kind: 'revoked'; revokedAt: Date }
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | { kind: 'conflict' }
  | InvalidInput;

export type RevokeSigningKeyOutcome =
  | { kind: 'revoked'; signingKey: SigningKey; receipt: Receipt }
  | { kind: 'notFound' };

const LONGEST_OVERLAP = { seconds: MAX_OVERLAP_SECONDS, inWords: 'one day' };

/** Creates, rotates and revokes signing keys. */
export class SigningKeyService {
  readonly #options: SigningKeyServiceOptions;

  constructor(options: SigningKeyServiceOptions) {
    this.#options = options;
  }

  /**
   * A new key of the workspace, with at most the scopes, permissions and lifetime of the caller.
   *
   * @throws AccessError `FORBIDDEN` if the caller is limited to addresses: a signing key cannot be
   */
  async create(unitOfWork: UnitOfWork, input: NewSigningKeyInput): Promise<CreateSigningKeyOutcome> {
    const { caller, em } = unitOfWork;
    const { clock, secrets, lockAccess, keepBounds, audit } = this.#options;
    const { workspaceId } = input;
    requireUnlimitedAddresses(caller);
    const missing = scopesNotHeld(caller, input.scopes);
    if (missing.length > 0) return { kind: 'scopeNotHeld', scopes: missing };
    const createdAt = clock.now();
    const checked = checkNewSigningKey(input, caller, createdAt);
    if ('kind' in checked) return checked;

    const secret = makeSecret('rks');
    const id = newId('sgk');
    try {
      return await unitOfWork.transaction(async () => {
        if (!(await lockAccess(em, caller, workspaceId))) return { kind: 'workspaceNotFound' };
        const bounds = await keepBounds(em, workspaceId);
        const lifetime = checkNewExpiry(input, { caller, now: createdAt, bounds });
        if ('kind' in lifetime) return lifetime;
        const secretSealed = await secrets.seal({ id, workspaceId }, secret, sqlIn(em));
        const signingKey = SigningKey.create({
          ...{ ...checked, ...lifetime, id, workspaceId, secretSealed, secretHash: sha256Base64url(secret), createdAt },
          createdBy: caller.userId,
          policyEnd: policyEndOfNew(createdAt, bounds),
        });
        em.persist(signingKey);
        const { scopes, permissions, expiresAt } = signingKey;
        const data = { scopes, permissions, expiresAt: expiresAt?.toISOString() ?? null };
        audit.record(unitOfWork, { type: 'signing-key.created', subjectId: id, workspaceId, data });
        return { kind: 'created', signingKey, secret };
      });
    } catch (error) {
      // The workspace was deleted meanwhile. The user cannot be: the transaction has locked the caller.
      if (sqlStateOf(error) === FOREIGN_KEY_VIOLATION) return { kind: 'workspaceNotFound' };
      throw error;
    }
  }

  /**
   * Creates the successor of a key, which stays valid for the overlap. Of several concurrent rotations, one succeeds and
   * the others get `conflict`.
   */
  async rotate(
    unitOfWork: UnitOfWork,
    { signingKeyId, overlapSeconds }: { signingKeyId: string; overlapSeconds: number },
  ): Promise<RotateSigningKeyOutcome> {
    const invalid = checkOverlap(overlapSeconds, LONGEST_OVERLAP);
    if (invalid) return invalid;
    const replace = () => this.#replace(unitOfWork, signingKeyId, overlapSeconds);
    const outcome = await unitOfWork.transaction(replace, signingKeyId);
    if (outcome.kind !== 'rotated') return outcome;
    const { rotatedAt, ...rotated } = outcome;
    const receipt = await this.#options.barrier.waitUntilPropagated(signingKeyTag(signingKeyId), rotatedAt);
    return { ...rotated, receipt };
  }

  async #replace(
    unitOfWork: UnitOfWork,
    signingKeyId: string,
    overlapSeconds: number,
  ): Promise<Exclude<RotateSigningKeyOutcome, { kind: 'rotated' }> | Rotated> {
    const { caller, em } = unitOfWork;
    const { secrets, keepBounds, audit } = this.#options;
    const seen = await em.findOne(SigningKey, { id: signingKeyId });
    // Before the key: a change of a policy may wait for the transaction that has locked the key.
    const bounds = await keepBounds(em, seen?.workspaceId ?? '');
    const previous = await this.#lock(unitOfWork, signingKeyId);
    if (!previous) return { kind: 'notFound' };
    if (previous.revokedAt) return { kind: 'revoked', revokedAt: previous.revokedAt };
    if (previous.replacedBy) return { kind: 'conflict' };
    const rotatedAt = await databaseMoment(em);
    if (previous.isExpired(rotatedAt)) return expired();
    const beyond = beyondReach(caller, previous);
    if (beyond) return beyond;

    const secret = makeSecret('rks');
    const id = newId('sgk');
    const { workspaceId } = previous;
    const secretSealed = await secrets.seal({ id, workspaceId }, secret, sqlIn(em));
    // As with API keys, two secrets are valid at most: another rotation ends an earlier overlap.
    (await lockPredecessor(em, previous, rotatedAt))?.endBy(rotatedAt);
    const ends = policyEndOfNew(rotatedAt, bounds, previous.lifetimeFrom ?? previous.createdAt);
    const to = { id, secretSealed, secretHash: sha256Base64url(secret), createdBy: caller.userId, policyEnd: ends };
    const signingKey = previous.rotate(to, { overlapSeconds, now: rotatedAt });
    em.persist(signingKey);
    const data = { replacedBy: id, overlapSeconds, expiresAt: previous.expiresAt!.toISOString() };
    audit.record(unitOfWork, { type: 'signing-key.rotated', subjectId: signingKeyId, workspaceId, data });
    return { kind: 'rotated', signingKey, previous, secret, rotatedAt };
  }

  /**
   * Revokes a key, and the key that it replaces if that one is still valid. A second call changes nothing, and still waits
   * until no replica accepts the key.
   */
  async revoke(
    unitOfWork: UnitOfWork,
    { signingKeyId, reason }: { signingKeyId: string; reason: RevocationReason },
  ): Promise<RevokeSigningKeyOutcome> {
    const { em } = unitOfWork;
    const { clock, audit, barrier } = this.#options;
    const signingKey = await unitOfWork.transaction(async () => {
      const found = await this.#lock(unitOfWork, signingKeyId);
      if (!found || found.revokedAt) return found;
      const now = clock.now();
      const { workspaceId } = found;
      const predecessor = await lockPredecessor(em, found, now);
      for (const key of predecessor ? [found, predecessor] : [found]) {
        key.revoke(now, reason);
        audit.record(unitOfWork, {
          type: 'signing-key.revoked',
          subjectId: key.id,
          workspaceId,
          data: { reason },
        });
      }
      return found;
    }, signingKeyId);
    if (!signingKey) return { kind: 'notFound' };
    const receipt = await barrier.waitUntilPropagated(signingKeyTag(signingKeyId), signingKey.revokedAt!);
    return { kind: 'revoked', signingKey, receipt };
  }

  /** The key with this id, locked until the commit, if the caller may see its workspace. */
  async #lock({ caller, em }: UnitOfWork, id: string): Promise<SigningKey | null> {
    const found = await em.findOne(SigningKey, { id });
    const isVisible = await this.#options.lockAccess(em, caller, found?.workspaceId ?? '');
    if (!found || !isVisible) return null;
    return em.findOne(SigningKey, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  }
}

/** The key that this one replaces, while its overlap lasts, locked until the commit. */
async function lockPredecessor(em: EntityManager, { id, replaces }: SigningKey, now: Date): Promise<SigningKey | null> {
  if (replaces === null) return null;
  const where = { id: replaces, replacedBy: id };
  const key = await em.findOne(SigningKey, where, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  return key?.isActive(now) ? key : null;
}

const expired = (): InvalidInput => ({
  kind: 'invalidInput',
  fields: [{ path: 'input.signingKeyId', message: 'The key has expired and cannot be rotated. Create a new one.' }],
});

/**
 * The successor can do everything that its key can do, from every address. So a caller that rotates a key must hold as much,
 * must not expire before it, and must not be limited to addresses. The key itself does.
 */
function beyondReach(caller: Principal, key: SigningKey): { kind: 'scopeNotHeld'; scopes: Scope[] } | null {
  if (caller.credentialId === key.id) return null;
  const scopes = scopesNotHeld(caller, key.scopes.filter(staysInWorkspace));
  const longest = latestEnd(caller);
  const outlives = longest !== null && (key.fixedEnd === null || key.fixedEnd > longest);
  const isLimited = caller.allowedAddresses !== undefined;
  const more = scopes.length > 0 || permissionsNotHeld(caller, key.permissions).length > 0 || outlives || isLimited;
  return more ? { kind: 'scopeNotHeld', scopes } : null;
}
