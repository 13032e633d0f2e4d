import { type ApiKey, CREATED_FROM } from '../api-keys/api-key.entity.ts';
import type { Metadata } from '../api-keys/metadata.ts';
import { LAST_USED_FROM } from '../credentials/last-used.ts';
import { sqlIn } from '../database/sql-in.ts';
import type { GraphQLContext } from './context.ts';

// Sealed fields that are opened only when a client selects them.

/** The address that the key was created from. */
export function createdFrom(apiKey: ApiKey, { services, em }: GraphQLContext): Promise<string> | null {
  const { createdFromIpSealed: sealed } = apiKey;
  return sealed === null ? null : services.sealer.open(CREATED_FROM, apiKey, { sealed, sql: sqlIn(em()) });
}

/** The address that the credential was last used from. */
export async function lastUsedFrom(id: string, { services, loaders, em }: GraphQLContext): Promise<string | null> {
  const { from: sealed = null } = (await loaders.lastUse.load(id)) ?? {};
  return sealed === null ? null : services.sealer.open(LAST_USED_FROM, { id }, { sealed, sql: sqlIn(em()) });
}

export function metadataOf(apiKey: ApiKey, { services, em }: GraphQLContext): Promise<Metadata> {
  return services.apiKeyMetadata.open(apiKey, sqlIn(em()));
}
