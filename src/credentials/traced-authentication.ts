import type { Tracing } from '../kernel/tracing.ts';
import type { Authenticate } from './authenticator.ts';
import type { DecidingLayer, DecisionObserver } from './decision.ts';

/** The layers by the names of the systems that an operator knows. */
const LAYERS: Record<DecidingLayer, string> = {
  memory: 'memory',
  shared: 'redis',
  database: 'database',
  direct: 'database',
};

/** Authenticates each request in a span of its own. */
export function tracedAuthentication(authenticate: Authenticate, tracing: Tracing): Authenticate {
  return (request, readBody, readForwarded) =>
    tracing.inSpan('authenticate', {}, () => authenticate(request, readBody, readForwarded));
}

/** Adds the layer that answered and the outcome to the current span, and passes each decision on. */
export function tracedDecisions(observer: DecisionObserver, tracing: Tracing): DecisionObserver {
  return {
    accepted(request, accepted, layer) {
      const { kind, credentialId } = accepted.principal;
      tracing.note({
        'rekey.authentication.layer': LAYERS[layer],
        'rekey.authentication.outcome': 'accepted',
        'rekey.credential.kind': kind,
        'rekey.credential.id': credentialId,
      });
      observer.accepted(request, accepted, layer);
    },
    refused(request, error, trace) {
      tracing.note({
        'rekey.authentication.layer': LAYERS[trace.layer],
        'rekey.authentication.outcome': error.code === 'AUTHENTICATION_UNAVAILABLE' ? 'unavailable' : 'rejected',
        ...(trace.kind === null ? {} : { 'rekey.credential.kind': trace.kind }),
      });
      observer.refused(request, error, trace);
    },
  };
}
