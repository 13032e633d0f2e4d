import { z } from 'zod';
import { type AuditEvents, idOf } from '../audit/event-data.ts';

/** The subject of each is the workspace. */
export const workspaceEvents = {
  /** The workspace was created with this user as its only member. */
  'workspace.created': z.strictObject({ ownerId: idOf('usr') }),
} satisfies AuditEvents;
