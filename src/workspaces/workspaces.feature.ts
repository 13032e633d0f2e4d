import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import { defineFeature } from '../feature.ts';
import { Migration20261130000100 } from './migrations/20261130000100-members.ts';
import { Migration20261130000600 } from './migrations/20261130000600-workspace-events.ts';
import { Workspace, WorkspaceMember, WorkspaceMemberSchema, WorkspaceSchema } from './workspace.entity.ts';
import { workspaceEvents } from './workspace.events.ts';

/** Groups of users that share credentials. */
export const workspaces = defineFeature({
  name: 'workspaces',
  entities: [WorkspaceSchema, WorkspaceMemberSchema],
  tables: ['workspace_departures'],
  migrations: [
    { name: '20261130000100-members', class: Migration20261130000100 },
    { name: '20261130000600-workspace-events', class: Migration20261130000600 },
  ],
  // Everything that depends on them carries their tags. They are no credentials and have no fingerprint.
  evictions: [defineEviction(Workspace, () => []), defineEviction(WorkspaceMember, () => [])],
  auditEvents: workspaceEvents,
});
