import { Audit } from '../audit/audit.ts';
import type { Platform } from '../platform.ts';
import { Memberships } from './memberships.ts';
import { workspaceEvents } from './workspace.events.ts';
import { WorkspaceService, type WorkspaceServiceOptions } from './workspace.service.ts';

/** Workspaces and their members. */
export function createWorkspaces(
  { barrier, databaseClock: clock, sealer }: Platform,
  { findUserByEmail }: Pick<WorkspaceServiceOptions, 'findUserByEmail'>,
): { service: WorkspaceService; memberships: Memberships } {
  const audit = new Audit(workspaceEvents, clock);
  return {
    service: new WorkspaceService({ audit, barrier, clock, dataKeys: sealer.keys, findUserByEmail }),
    memberships: new Memberships({ audit, clock }),
  };
}
