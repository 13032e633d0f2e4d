import { z } from 'zod';
import { type AuditEvents, idOf } from '../audit/event-data.ts';

const role = z.enum(['MEMBER', 'OWNER']);

/** The subject of each is the workspace. */
export const workspaceEvents = {
  /** The workspace was created with this user as its only member. */
  'workspace.created': z.strictObject({ ownerId: idOf('usr') }),
  /** What was changed. The name is left out: users type it. */
  'workspace.updated': z.strictObject({
    changed: z.array(z.enum(['name', 'requiresSignedRequests'])),
    /** As it is from now on, changed or not. */
    requiresSignedRequests: z.boolean(),
  }),
  'workspace.member-added': z.strictObject({ userId: idOf('usr'), role }),
  /** The API keys of the user that are bound to the workspace were revoked with it. */
  'workspace.member-removed': z.strictObject({ userId: idOf('usr'), role }),
  'workspace.member-role-changed': z.strictObject({ userId: idOf('usr'), role, previousRole: role }),
  /** The workspace was deleted with all credentials that were bound to it. */
  'workspace.deleted': z.strictObject({ memberCount: z.int() }),
} satisfies AuditEvents;
