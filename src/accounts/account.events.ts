import { z } from 'zod';
import { type AuditEvents, idOf, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';

const role = z.enum(['MEMBER', 'ADMIN']);
const reason = z.enum(REVOCATION_REASONS);
const permissions = z.array(z.string());

/** The subject of each is the user, unless it says otherwise. */
export const accountEvents = {
  /** The first administrator was created. */
  'account.bootstrapped': z.strictObject({ role }),
  'account.registered': z.strictObject({ role }),
  /** Accounts of another system were imported. The subject is the import. */
  'account.imported': z.strictObject({
    count: z.int(),
    format: z.string(),
    /** SHA-256 of the file, in hex. */
    fileSha256: z.string(),
  }),
  /** The operator exported all accounts with their password hashes. The subject is the export. */
  'account.exported': z.strictObject({ count: z.int() }),
  /** A token was issued with which the user sets the first password. It replaces an earlier one. */
  'account.invited': z.strictObject({
    role,
    permissions,
    workspaceIds: z.array(idOf('wsp')),
    expiresAt: moment(),
  }),
  'account.invitation-accepted': z.strictObject({}),
  /** What was changed, without names and addresses: users type them. */
  'account.updated': z.strictObject({
    changed: z.array(z.enum(['displayName', 'email', 'permissions', 'role'])),
    role,
    previousRole: role,
    permissions,
    previousPermissions: permissions,
  }),
  /** A token was issued with which the user sets a new password. It replaces an earlier one. */
  'account.password-reset-created': z.strictObject({ expiresAt: moment() }),
  /** `account.sessions-revoked` follows. */
  'account.password-reset': z.strictObject({}),
  /** The sessions of the user were revoked for this reason. */
  'account.disabled': z.strictObject({ reason }),
  'account.enabled': z.strictObject({}),
  /** The account was deleted with its sessions and API keys. */
  'account.deleted': z.strictObject({ role }),
  'account.password-changed': z.strictObject({}),
  'account.sessions-revoked': z.strictObject({
    reason,
    /** The session that was kept. */
    exceptSessionId: idOf('ses').nullable(),
    /** How many were active. */
    revokedCount: z.int(),
  }),
} satisfies AuditEvents;
