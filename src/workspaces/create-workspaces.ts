import type { Platform } from '../platform.ts';
import { WorkspaceService } from './workspace.service.ts';

/** Workspaces and their members. */
export function createWorkspaces({ audit, databaseClock: clock }: Platform): { service: WorkspaceService } {
  return { service: new WorkspaceService({ audit, clock }) };
}
