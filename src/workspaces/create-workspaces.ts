import { Audit } from '../audit/audit.ts';
import type { Platform } from '../platform.ts';
import { workspaceEvents } from './workspace.events.ts';
import { WorkspaceService } from './workspace.service.ts';

/** Workspaces and their members. */
export function createWorkspaces({ databaseClock: clock }: Platform): { service: WorkspaceService } {
  return { service: new WorkspaceService({ audit: new Audit(workspaceEvents, clock), clock }) };
}
