import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { longestLagSeconds } from '../credentials/last-used.ts';
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

type Change = { kind: 'set'; endedCount: number; tightened: boolean; changed: boolean; changedAt: Date };

/** Sets the bounds on the credentials of a workspace or of the installation. */
export class CredentialPolicyService {
  readonly #options: CredentialPolicyServiceOptions;

  constructor(options: CredentialPolicyServiceOptions) {
    this.#options = options;
  }

  /**
   * Replaces all bounds of a policy. What is over a bound that is stricter than before ends in the same commit, with one
   * row in the log. A dry run only counts what would end.
   */
  async set(unitOfWork: UnitOfWork, input: NewPolicy): Promise<SetCredentialPolicyOutcome> {
    const { workspaceId, dryRun, ...bounds } = input;
    const invalid = checkBounds(bounds);
    if (invalid) return invalid;
    if (workspaceId === null && !isAdministrator(unitOfWork.caller))
      throw new AccessError('FORBIDDEN', 'Only an administrator can set the policy of the installation.');
    const change = await unitOfWork.inTurn(() => this.#change(unitOfWork, input, bounds));
    if (change.kind !== 'set') return change;
    const { endedCount, tightened, changed, changedAt } = change;
    const outcome = { kind: 'set', policy: bounds, endedCount } as const;
    if (dryRun) return { ...outcome, receipt: null };
    const subject = workspaceId ?? INSTALLATION;
    // Without a change, this may be the retry of a call that was not answered and is still propagating.
    const mayPropagate = tightened || !changed;
    const tag = workspaceId === null ? '*' : workspaceTag(workspaceId);
    const receipt = mayPropagate ? await this.#options.barrier.waitUntilPropagated(tag, changedAt) : null;
    // If this fails, one row more is left. The policy is set.
    if (changed) await this.#options.ended.forgetIdleSpan(unitOfWork.em, subject).catch(() => undefined);
    return { ...outcome, receipt: tightened ? receipt : null };
  }

  async #change(
    unitOfWork: UnitOfWork,
    { workspaceId, dryRun }: NewPolicy,
    given: PolicyBounds,
  ): Promise<Change | { kind: 'workspaceNotFound' }> {
    const { em } = unitOfWork;
    const { audit, clock, ended, lockManaged } = this.#options;
    const subject = workspaceId ?? INSTALLATION;
    const bounds = { ...given, idleToleranceSeconds: this.#idleToleranceSeconds };
    const policyOf = async () => (await em.findOne(CredentialPolicy, { subject })) ?? CredentialPolicy.for(workspaceId);
    // Reads all credentials, so it must come before the lock, for which every other mutation of a credential would wait.
    const mayEndAny = workspaceId === null && (await policyOf()).compare(bounds).tightened;
    const endedOfAll = mayEndAny ? await ended.countOf(em, subject, bounds) : null;
    return unitOfWork.transaction(async () => {
      if (workspaceId !== null && !(await lockManaged(unitOfWork, workspaceId))) return { kind: 'workspaceNotFound' };
      await em.execute(LOCK_POLICY, [subject]);
      const policy = await policyOf();
      const { tightened, changed } = policy.compare(bounds);
      const endedCount = tightened ? (endedOfAll ?? (await ended.countOf(em, subject, bounds))) : 0;
      if (changed && !dryRun) {
        policy.set(bounds);
        em.persist(policy);
        const data = { ...given, endedCount };
        audit.record(unitOfWork, { type: 'credential-policy.set', subjectId: subject, workspaceId, data });
      }
      return { kind: 'set', endedCount, tightened, changed, changedAt: clock.now() };
    }, subject);
  }

  /**
   * Uses are recorded later than they happen. A policy must not end a credential that is in use, so each is valid for that
   * much longer. A start only raises the tolerance: a smaller one could end credentials whose use another process, with a
   * longer window, has not recorded yet. The next `set` of a policy takes the one of its replica.
   */
  async applyIdleTolerance(em: EntityManager): Promise<void> {
    const seconds = this.#idleToleranceSeconds;
    const others = { idleSeconds: { $ne: null }, idleToleranceSeconds: { $lt: seconds } };
    for (const policy of await em.find(CredentialPolicy, others)) {
      policy.set({ ...policy, idleToleranceSeconds: seconds });
      await em.flush(); // Alone, so that two replicas that start at once do not lock policies in different orders.
      await this.#options.ended.forgetIdleSpan(em, policy.subject).catch(() => undefined); // As in `set`.
    }
  }

  get #idleToleranceSeconds(): number {
    return longestLagSeconds(this.#options.lastUsedSeconds);
  }
}
