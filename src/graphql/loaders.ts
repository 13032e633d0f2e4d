import type { EntityManager } from '@mikro-orm/sql';
import DataLoader from 'dataloader';
import { User } from '../accounts/user.entity.ts';
import { ApiKey } from '../api-keys/api-key.entity.ts';
import { Session } from '../sessions/session.entity.ts';
import { Workspace } from '../workspaces/workspace.entity.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/** Reads by id, batched and remembered for one request, so that a list of a hundred keys asks once for its users. */
export function createLoaders(em: () => EntityManager) {
  type Identified = { id: string };
  const byId = <Entity extends Identified>(load: (ids: string[]) => Promise<Entity[]>) =>
    new DataLoader<string, Entity | null>(async (ids) => {
      const found = new Map((await load([...ids])).map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    });
  return {
    user: byId((ids) => em().find(User, { id: { $in: ids } })),
    workspace: byId((ids) => em().find(Workspace, { id: { $in: ids } })),
    apiKey: byId((ids) => em().find(ApiKey, { id: { $in: ids } })),
    session: byId((ids) => em().find(Session, { id: { $in: ids } })),
    /** When a credential last authenticated a request. */
    lastUsedAt: new DataLoader<string, Date | null>(async (ids) => {
      const rows = await em().execute<{ credential_id: string; last_used_at: string | Date }[]>(
        `select credential_id, last_used_at from credential_usage where credential_id in (${ids.map(() => '?').join(', ')})`,
        [...ids],
      );
      const found = new Map(rows.map((row) => [row.credential_id, new Date(row.last_used_at)]));
      return ids.map((id) => found.get(id) ?? null);
    }),
  };
}
