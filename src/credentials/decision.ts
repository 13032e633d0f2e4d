import type { AccessError } from '../identity/access-error.ts';
import type { CredentialKind } from '../identity/principal.ts';
import type { AuthenticatedRequest } from './asked-request.ts';
import type { AcceptedCredential, CachedCredential } from './cached-credential.ts';

/**
 * The layer that decided about a credential: the memory of this process, the shared cache, a read of the database that
 * the caches share, or a read past the caches for one request alone.
 */
export type DecidingLayer = 'memory' | 'shared' | 'database' | 'direct';

/** How the decision about one request came about, as far as it is known. The lookup fills it in. */
export interface Trace {
  layer: DecidingLayer;
  /** The kind of the presented credential by its form; null if it has the form of none. */
  kind: CredentialKind | null;
  /** The state that decided; null if the form of the credential was enough. */
  found: CachedCredential | null;
  /** Why a state that is valid by itself does not count for this request, or why none was read. */
  reason: string | null;
}

export const newTrace = (): Trace => ({ layer: 'memory', kind: null, found: null, reason: null });

/** The trace of a decision that the memory of this process made. */
export const inMemory = (found: CachedCredential, reason: string | null = null): Trace => ({
  ...newTrace(),
  found,
  reason,
});

/** Receives each decision about a request. Its methods must not throw, must not block, and need no I/O. */
export interface DecisionObserver {
  /** Nearly every request calls it, so it must be fast. */
  accepted(request: AuthenticatedRequest, accepted: AcceptedCredential, layer: DecidingLayer): void;
  /** @param error why the request is not accepted: rejected, over a limit, or not decided at all */
  refused(request: AuthenticatedRequest, error: AccessError, trace: Trace): void;
}
