import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { governed, hasEnded } from '../credential-policies/credential-policy.sql.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf, makeSecret } from '../crypto/secret-text.ts';
import { lockText } from '../database/advisory-lock.ts';
import { FOREIGN_KEY_VIOLATION, sqlStateOf } from '../database/sql-errors.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { credentialRefused } from '../identity/access-error.ts';
import { type BoundsInForce, policyEndOfNew } from '../identity/credential-policy.ts';
import { requireUnlimitedAddresses } from '../identity/grant.ts';
import { type Principal, scopesNotHeld } from '../identity/principal.ts';
import type { RevocationReason } from '../identity/revocation-reason.ts';
import type { Scope } from '../identity/scope.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { daemonTag } from './daemon-token.credential.ts';
import { Daemon, DaemonToken, subjectOf } from './daemon-token.entity.ts';
import type { daemonTokenEvents } from './daemon-token.events.ts';
import { canonicalDaemonId, checkNewDaemonToken, checkPolicy, type NewDaemonTokenInput } from './daemon-token.input.ts';
import { tagOfEnd } from './daemon-token.possession.ts';

export interface DaemonTokenServiceOptions {
  audit: Audit<typeof daemonTokenEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  /**
   * Whether a principal may see this workspace, and with it manage its daemon tokens. What decides it stays locked until
   * the end of the transaction.
   */
  lockAccess: (em: EntityManager, principal: Principal, workspaceId: string) => Promise<boolean>;
  /** The policies for the tokens of a workspace. They stay in force until the end of the transaction. */
  keepBounds: (em: EntityManager, workspaceId: string) => Promise<BoundsInForce>;
}

export type CreateDaemonTokenOutcome =
  | { kind: 'created'; daemonToken: DaemonToken; secret: string }
  | { kind: 'scopeNotHeld'; scopes: Scope[] }
  | { kind: 'workspaceNotFound' }
  | InvalidInput;

export type RenewDaemonTokenOutcome =
  | { kind: 'renewed'; daemonToken: DaemonToken }
  | { kind: 'notADaemonToken' }
  | { kind: 'tooEarly'; renewableAt: Date; expiresAt: Date }
  | { kind: 'maximumAge'; expiresAt: Date };

export type RevokeDaemonTokenOutcome =
  | { kind: 'revoked'; daemonToken: DaemonToken; receipt: Receipt }
  | { kind: 'notFound' };

export type RevokeDaemonOutcome =
  | { kind: 'revoked'; revokedCount: number; receipt: Receipt }
  | { kind: 'workspaceNotFound' };

/** A daemon, as the operator names it. */
interface DaemonName {
  workspaceId: string;
  daemonId: string;
}

const ACTIVE_TOKENS = `select count(*)::int as active from daemon_tokens t
  where t.registration_id = ? and t.revoked_at is null and not ${hasEnded(governed('t'))}`;

/** Creates, renews and revokes daemon tokens. */
export class DaemonTokenService {
  readonly #options: DaemonTokenServiceOptions;

  constructor(options: DaemonTokenServiceOptions) {
    this.#options = options;
  }

  /**
   * A new token of the workspace, with at most the scopes, permissions and lifetime of the caller.
   *
   * @throws AccessError `FORBIDDEN` if the caller is limited to addresses: a token cannot be
   */
  async create(unitOfWork: UnitOfWork, input: NewDaemonTokenInput): Promise<CreateDaemonTokenOutcome> {
    const { caller, em } = unitOfWork;
    const { workspaceId } = input;
    requireUnlimitedAddresses(caller);
    const missing = scopesNotHeld(caller, input.scopes);
    if (missing.length > 0) return { kind: 'scopeNotHeld', scopes: missing };
    const createdAt = this.#options.clock.now();
    const checked = checkNewDaemonToken(input, caller, createdAt);
    if ('kind' in checked) return checked;
    const { daemonId, ...granted } = checked;

    const secret = makeSecret('rkd');
    try {
      return await unitOfWork.transaction(async () => {
        if (!(await this.#options.lockAccess(em, caller, workspaceId))) return { kind: 'workspaceNotFound' };
        const bounds = await this.#options.keepBounds(em, workspaceId);
        const beyond = checkPolicy(granted.expiresAt, createdAt, bounds);
        if (beyond) return beyond;
        const daemonToken = DaemonToken.create({
          ...granted,
          policyEnd: policyEndOfNew(createdAt, bounds),
          id: newId('dmn'),
          registration: await this.#register(em, { workspaceId, daemonId }, createdAt),
          hint: hintOf(secret),
          secretHash: sha256Base64url(secret),
          createdAt,
          createdBy: caller.userId,
        });
        em.persist(daemonToken);
        const { scopes, permissions, expiresAt } = daemonToken;
        const data = { daemonId, scopes, permissions, expiresAt: expiresAt.toISOString() };
        this.#options.audit.record(unitOfWork, {
          type: 'daemon-token.created',
          subjectId: daemonToken.id,
          workspaceId,
          data,
        });
        return { kind: 'created', daemonToken, secret };
      });
    } catch (error) {
      // The workspace was deleted meanwhile. The user cannot be: the transaction has locked the caller.
      if (sqlStateOf(error) === FOREIGN_KEY_VIOLATION) return { kind: 'workspaceNotFound' };
      throw error;
    }
  }

  /** The registration of a daemon that is not revoked, or a new one. Locked, so that a revocation waits for the token. */
  async #register(em: EntityManager, name: DaemonName, createdAt: Date): Promise<Daemon> {
    // Of two first tokens at once, the second waits here, and then finds the registration of the first.
    await lockText(em, `daemon:${subjectOf(name)}`);
    const where = { ...name, revokedAt: null };
    const known = await em.findOne(Daemon, where, { lockMode: LockMode.PESSIMISTIC_READ });
    if (known) return known;
    const registration = Daemon.register({ ...name, id: newId('dae'), createdAt });
    em.persist(registration);
    return registration;
  }

  /** Extends the caller, in the last quarter of its span. Of several renewals at once, one extends it. */
  async renew(unitOfWork: UnitOfWork): Promise<RenewDaemonTokenOutcome> {
    const { caller, em } = unitOfWork;
    if (caller.kind !== 'daemonToken') return { kind: 'notADaemonToken' };
    return unitOfWork.transaction(async () => {
      // The row is locked: the caller was confirmed, and it is what changes.
      const daemonToken = await em.findOne(DaemonToken, { id: caller.credentialId });
      const bounds = await this.#options.keepBounds(em, caller.workspaceId ?? '');
      const now = this.#options.clock.now();
      if (!daemonToken || daemonToken.revokedAt || daemonToken.isExpired(now)) throw credentialRefused();
      const renewal = daemonToken.renew(now, bounds);
      if (renewal.kind !== 'renewed') return renewal;
      const { id: subjectId, workspaceId, expiresAt } = daemonToken;
      this.#options.audit.record(unitOfWork, {
        type: 'daemon-token.renewed',
        subjectId,
        workspaceId,
        data: { previousExpiresAt: renewal.previousExpiresAt.toISOString(), expiresAt: expiresAt.toISOString() },
      });
      return { kind: 'renewed', daemonToken };
    }, caller.credentialId);
  }

  /** Revokes a token. If it is revoked already, nothing changes, and the receipt is that of the earlier revocation. */
  async revoke(
    unitOfWork: UnitOfWork,
    { daemonTokenId, reason }: { daemonTokenId: string; reason: RevocationReason },
  ): Promise<RevokeDaemonTokenOutcome> {
    const { caller, em } = unitOfWork;
    const daemonToken = await unitOfWork.transaction(async () => {
      const found = await em.findOne(DaemonToken, { id: daemonTokenId });
      const isVisible = await this.#options.lockAccess(em, caller, found?.workspaceId ?? '');
      if (!found || !isVisible) return null;
      const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
      const token = await em.findOne(DaemonToken, { id: daemonTokenId }, locked);
      if (!token || token.revokedAt) return token;
      token.revoke(this.#options.clock.now(), reason);
      const { id: subjectId, workspaceId } = token;
      const data = { reason };
      this.#options.audit.record(unitOfWork, { type: 'daemon-token.revoked', subjectId, workspaceId, data });
      return token;
    }, daemonTokenId);
    if (!daemonToken) return { kind: 'notFound' };
    const receipt = await this.#options.barrier.waitUntilPropagated(tagOfEnd(daemonToken), daemonToken.revokedAt!);
    return { kind: 'revoked', daemonToken, receipt };
  }

  /** Revokes all tokens of a daemon in a workspace by one row. Tokens that are created later are valid. */
  async revokeDaemon(
    unitOfWork: UnitOfWork,
    { workspaceId, reason, ...named }: DaemonName & { reason: RevocationReason },
  ): Promise<RevokeDaemonOutcome> {
    const { caller, em } = unitOfWork;
    const name = { workspaceId, daemonId: canonicalDaemonId(named.daemonId) };
    const revoked = await unitOfWork.transaction(async () => {
      if (!(await this.#options.lockAccess(em, caller, workspaceId))) return null;
      const daemon = await em.findOne(Daemon, { ...name, revokedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const now = this.#options.clock.now();
      if (!daemon) {
        const [latest] = await em.find(Daemon, name, { orderBy: { id: 'desc' }, limit: 1 });
        return { revokedCount: 0, revokedAt: latest?.revokedAt ?? now };
      }
      const [count] = await em.execute<{ active: number }[]>(ACTIVE_TOKENS, [daemon.id]);
      const revokedCount = count?.active ?? 0;
      daemon.revoke(now, reason);
      this.#options.audit.record(unitOfWork, {
        type: 'daemon.revoked',
        subjectId: name.daemonId,
        workspaceId,
        data: { reason, revokedCount },
      });
      return { revokedCount, revokedAt: now };
    }, subjectOf(name));
    if (!revoked) return { kind: 'workspaceNotFound' };
    const receipt = await this.#options.barrier.waitUntilPropagated(daemonTag(name), revoked.revokedAt);
    return { kind: 'revoked', revokedCount: revoked.revokedCount, receipt };
  }
}
