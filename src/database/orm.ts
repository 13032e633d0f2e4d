import { fileURLToPath } from 'node:url';
import type { EventSubscriber, Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { UserSchema } from '../accounts/user.entity.ts';
import { ApiKeySchema } from '../api-keys/api-key.entity.ts';
import { AuditEventSchema } from '../audit/audit-event.entity.ts';
import { AccessTokenRevocationSchema } from '../sessions/access-token-revocation.entity.ts';
import { JwtKeySchema } from '../sessions/jwt-key.entity.ts';
import { RefreshTokenSchema } from '../sessions/refresh-token.entity.ts';
import { SessionSchema } from '../sessions/session.entity.ts';
import { WorkspaceMemberSchema, WorkspaceSchema } from '../workspaces/workspace.entity.ts';
import { migrations } from './migrations/index.ts';

/** Which migrations were carried out. */
export const MIGRATION_TABLE = 'rekey_migrations';

/** What both drivers share. The entities of the whole service are listed here and nowhere else. */
export function ormOptions(options: { subscribers?: EventSubscriber[]; log?: (message: string) => void } = {}) {
  return {
    entities: [
      UserSchema,
      SessionSchema,
      RefreshTokenSchema,
      JwtKeySchema,
      AccessTokenRevocationSchema,
      WorkspaceSchema,
      WorkspaceMemberSchema,
      ApiKeySchema,
      AuditEventSchema,
    ],
    subscribers: options.subscribers ?? [],
    extensions: [Migrator],
    forceUtcTimezone: true,
    // Values in a query's log line could be hashes and addresses; errors reach the log through our own logger.
    debug: false,
    colors: false,
    logger: options.log ?? (() => undefined),
    // Migrations are written by hand: the ORM knows nothing of triggers, and `schema:update` would drop them.
    schemaGenerator: { ignoreSchema: ['public'] },
    migrations: {
      migrationsList: migrations,
      path: fileURLToPath(new URL('migrations', import.meta.url)),
      tableName: MIGRATION_TABLE,
      // Without a fixed name each database name would write a snapshot of its own.
      snapshot: false,
      snapshotName: 'snapshot',
      emit: 'ts',
    },
  } satisfies Partial<Options>;
}
