import type { Audit } from '../audit/audit.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { AccessError } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { Workspace, WorkspaceMember } from './workspace.entity.ts';
import type { workspaceEvents } from './workspace.events.ts';

export interface WorkspaceServiceOptions {
  audit: Audit<typeof workspaceEvents>;
  clock: Pick<Clock, 'now'>;
}

export type CreateWorkspaceOutcome = { kind: 'created'; workspace: Workspace } | InvalidInput;

/** Creates workspaces. */
export class WorkspaceService {
  readonly #options: WorkspaceServiceOptions;

  constructor(options: WorkspaceServiceOptions) {
    this.#options = options;
  }

  async create(unitOfWork: UnitOfWork, input: { name: string }): Promise<CreateWorkspaceOutcome> {
    const { caller, em } = unitOfWork;
    const { userId } = caller;
    if (!userId || caller.workspaceId) {
      throw new AccessError('FORBIDDEN', 'A credential that is bound to a workspace cannot create a workspace.');
    }
    const check = new InputCheck();
    const name = check.text(input.name, 'input.name', 100);
    if (check.outcome) return check.outcome;
    const createdAt = this.#options.clock.now();
    const workspace = await unitOfWork.transaction(async () => {
      const made = Workspace.create({ id: newId('wsp'), name, createdAt });
      em.persist(made);
      em.persist(WorkspaceMember.create({ workspaceId: made.id, userId, role: 'OWNER', createdAt }));
      this.#options.audit.record(unitOfWork, {
        type: 'workspace.created',
        subjectId: made.id,
        workspaceId: made.id,
        data: { ownerId: userId },
      });
      return made;
    });
    return { kind: 'created', workspace };
  }
}
