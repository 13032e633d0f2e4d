import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { WRITE_EVERY_MS } from '../credentials/last-used.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError } from '../identity/access-error.ts';
import type { PolicyBounds } from '../identity/credential-policy.ts';
import { isAdministrator } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { PropagationBarrier, Receipt } from '../revocation/propagation-barrier.ts';
import { workspaceTag } from '../revocation/tags.ts';
import { CredentialPolicy, INSTALLATION } from './credential-policy.entity.ts';
import type { credentialPolicyEvents } from './credential-policy.events.ts';
import { checkBounds } from './credential-policy.input.ts';
import { LOCK_POLICY } from './credential-policy.sql.ts';
import type { EndedCredentials } from './ended-credentials.ts';

export interface CredentialPolicyServiceOptions {
  audit: Audit<typeof credentialPolicyEvents>;
  barrier: PropagationBarrier;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  ended: EndedCredentials;
  /** `REKEY_LAST_USED_SECONDS`. */
  lastUsedSeconds: number;
  /**
   * Whether the caller may see this workspace. It is locked until the end of the transaction.
   *
   * @throws AccessError `FORBIDDEN` if the caller may not change it
   */
  lockManaged: (unitOfWork: UnitOfWork, workspaceId: string) => Promise<boolean>;
}

export type SetCredentialPolicyOutcome =
  | { kind: 'set'; policy: PolicyBounds; endedCount: number; receipt: Receipt | null }
  | { kind: 'workspaceNotFound' }
  | InvalidInput;

/** A policy, and where it holds. */
export interface NewPolicy extends PolicyBounds {
  /** Null for the installation. */
  workspaceId: string | null;
  dryRun: boolean;
}

interface Change {
  kind: 'set';
  policy: PolicyBounds;
  endedCount: number;
  tightened: boolean;
  changed: boolean;
  changedAt: Date;
}

/** Ends the transaction of a dry run, and carries its outcome out of it. */
class DryRun extends Error {
  readonly change: Change;
  constructor(change: Change) {
    super('A dry run changes nothing.');
    this.change = change;
  }
}

/** Sets the bounds on the credentials of a workspace or of the installation. */
export class CredentialPolicyService {
  readonly #options: CredentialPolicyServiceOptions;

  constructor(options: CredentialPolicyServiceOptions) {
    this.#options = options;
  }

  /**
   * Replaces all bounds of a policy. What is over a bound that is stricter than before ends in the same commit, with one
   * row in the log. A dry run makes the change, counts what ends, and rolls it back.
   */
  async set(unitOfWork: UnitOfWork, input: NewPolicy): Promise<SetCredentialPolicyOutcome> {
    const { workspaceId, dryRun, ...bounds } = input;
    const invalid = checkBounds(bounds);
    if (invalid) return invalid;
    const subject = workspaceId ?? INSTALLATION;
    if (workspaceId === null && !isAdministrator(unitOfWork.caller))
      throw new AccessError('FORBIDDEN', 'Only an administrator can set the policy of the installation.');
    let change: Change | { kind: 'workspaceNotFound' };
    try {
      change = await unitOfWork.transaction(() => this.#change(unitOfWork, input, bounds), subject);
    } catch (error) {
      if (!(error instanceof DryRun)) throw error;
      change = error.change;
    }
    if (change.kind !== 'set') return change;
    const { policy, endedCount, tightened, changed, changedAt } = change;
    const outcome = { kind: 'set', policy, endedCount } as const;
    // Without a change, this may be the retry of a call that was not answered and is still propagating.
    if (dryRun || (changed && !tightened)) return { ...outcome, receipt: null };
    const tag = workspaceId === null ? '*' : workspaceTag(workspaceId);
    const receipt = await this.#options.barrier.waitUntilPropagated(tag, changedAt);
    return { ...outcome, receipt: tightened ? receipt : null };
  }

  async #change(
    unitOfWork: UnitOfWork,
    { workspaceId, dryRun }: NewPolicy,
    bounds: PolicyBounds,
  ): Promise<Change | { kind: 'workspaceNotFound' }> {
    const { em } = unitOfWork;
    const { audit, clock, ended, lockManaged } = this.#options;
    if (workspaceId !== null && !(await lockManaged(unitOfWork, workspaceId))) return { kind: 'workspaceNotFound' };
    const subject = workspaceId ?? INSTALLATION;
    await em.execute(LOCK_POLICY, [subject]);
    const policy = (await em.findOne(CredentialPolicy, { subject })) ?? CredentialPolicy.for(workspaceId);
    const { tightened, changed } = policy.set(bounds, this.#idleToleranceSeconds);
    em.persist(policy);
    await em.flush();
    const endedCount = tightened ? await ended.countOf(em, subject) : 0;
    if (changed) {
      await ended.forgetIdleSpan(em, subject);
      const data = { ...bounds, endedCount };
      audit.record(unitOfWork, { type: 'credential-policy.set', subjectId: subject, workspaceId, data });
    }
    const change = { kind: 'set', policy: bounds, endedCount, tightened, changed, changedAt: clock.now() } as const;
    if (dryRun) throw new DryRun(change);
    return change;
  }

  /**
   * Uses are written once per window and a moment later. A policy must not end a credential that is in use, so each is
   * valid for that much longer. The policies follow the configuration of the replica that started last.
   */
  async applyIdleTolerance(em: EntityManager): Promise<void> {
    const seconds = this.#idleToleranceSeconds;
    const others = { idleSeconds: { $ne: null }, idleToleranceSeconds: { $ne: seconds } };
    for (const policy of await em.find(CredentialPolicy, others)) policy.idleToleranceSeconds = seconds;
    await em.flush();
  }

  get #idleToleranceSeconds(): number {
    return this.#options.lastUsedSeconds + Math.ceil(WRITE_EVERY_MS / 1000);
  }
}
