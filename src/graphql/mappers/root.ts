import type { ApiKey } from '../../api-keys/api-key.entity.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Session } from '../../sessions/session.entity.ts';

export type CredentialMapper = ApiKey | Session;
export type ViewerMapper = Principal;
/** `principal` is null where whatever was asked about would authenticate nobody. */
export type IntrospectionMapper = { principal: Principal | null };
