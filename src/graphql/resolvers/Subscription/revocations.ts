import { requireView, viewOf } from '../../../live/visible-revocations.ts';
import type { RevocationEvent } from '../../../revocation/revocation-event.ts';
import { badInput } from '../../bad-input.ts';
import type { SubscriptionResolvers } from '../../generated/types.ts';

const POSITION = /^\d{1,15}$/;

export const revocations: NonNullable<SubscriptionResolvers['revocations']> = {
  subscribe: async (_parent, { after }, { services, caller, subscription }) => {
    if (after != null && !POSITION.test(after)) {
      throw badInput('`after` must be a position in the log: a whole number of at most 15 digits.', 'field');
    }
    const view = viewOf(caller());
    subscription?.require(requireView(view));
    return services.revocationsFrom(view, after == null ? null : Number(after));
  },
  resolve: (event: RevocationEvent) => event,
};
