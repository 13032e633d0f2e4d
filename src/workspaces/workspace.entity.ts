import { defineEntity, p } from '@mikro-orm/core';

export type WorkspaceRole = 'MEMBER' | 'OWNER';

/** Groups the credentials of a team or project. A credential can be bound to one workspace. */
export class Workspace {
  id!: string;
  name!: string;
  /** Whether a request with a credential that is bound to the workspace must be signed by one of its signing keys. */
  requiresSignedRequests!: boolean;
  createdAt!: Date;

  static create(fields: { id: string; name: string; createdAt: Date }): Workspace {
    return Object.assign(new Workspace(), { ...fields, requiresSignedRequests: false });
  }

  /** Returns whether the name is another one than before. */
  rename(name: string): boolean {
    const changes = name !== this.name;
    this.name = name;
    return changes;
  }

  /** Demands signed requests, or stops to. Returns whether that is a change. */
  requireSignedRequests(required: boolean): boolean {
    const changes = required !== this.requiresSignedRequests;
    this.requiresSignedRequests = required;
    return changes;
  }
}

export const WorkspaceSchema = defineEntity({
  class: Workspace,
  tableName: 'workspaces',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    requiresSignedRequests: p.boolean(),
    createdAt: p.datetime(),
  },
});

/** The membership of a user in a workspace, with its role. */
export class WorkspaceMember {
  workspaceId!: string;
  userId!: string;
  role!: WorkspaceRole;
  /** When the user joined. */
  createdAt!: Date;

  static create(fields: Pick<WorkspaceMember, 'workspaceId' | 'userId' | 'role' | 'createdAt'>): WorkspaceMember {
    return Object.assign(new WorkspaceMember(), fields);
  }

  /** Changes the role and returns the previous one. */
  changeRole(role: WorkspaceRole): WorkspaceRole {
    const previous = this.role;
    this.role = role;
    return previous;
  }
}

export const WorkspaceMemberSchema = defineEntity({
  class: WorkspaceMember,
  tableName: 'workspace_members',
  properties: {
    workspaceId: p.string().primary(),
    userId: p.string().primary(),
    role: p.string().$type<WorkspaceRole>(),
    createdAt: p.datetime(),
  },
});
