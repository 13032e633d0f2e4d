import type { Principal } from '../../identity/principal.ts';

/** The row of a credential, of whatever kind. */
export type CredentialMapper = { id: string };
export type ViewerMapper = Principal;
/** `principal` is null where whatever was asked about would authenticate nobody. */
export type IntrospectionMapper = { principal: Principal | null };
