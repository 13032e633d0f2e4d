import type { ApiKey } from '../../api-keys/api-key.entity.ts';
import type { IssuedSession } from '../../credentials/session-issuer.ts';
import type { Principal } from '../../identity/principal.ts';

export type CredentialMapper = ApiKey | IssuedSession;
export type ViewerMapper = Principal;
/** `principal` is null where whatever was asked about would authenticate nobody. */
export type IntrospectionMapper = { principal: Principal | null };
