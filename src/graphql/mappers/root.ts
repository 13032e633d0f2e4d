import type { Principal } from '../../identity/principal.ts';

/** Any object that has an id. */
export type NodeMapper = { id: string };
/** The row of a credential, of any kind. */
export type CredentialMapper = { id: string };
export type ViewerMapper = Principal;
/** `principal` is null if the token authenticates nothing. */
export type IntrospectionMapper = { principal: Principal | null };
