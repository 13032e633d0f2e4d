import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';

/** Connections that stay open: event streams, WebSockets and long polls. Each ends with its credential. */
export const live = defineFeature({
  name: 'live',
  variables: {
    liveConnections: wholeNumber('REKEY_LIVE_CONNECTIONS', {
      fallback: 10_000,
      min: 1,
      max: 1_000_000,
      meaning: 'How many event streams, WebSockets and waiting polls this replica holds.',
    }),
    livePerAddress: wholeNumber('REKEY_LIVE_PER_ADDRESS', {
      fallback: 500,
      min: 1,
      max: 1_000_000,
      meaning: 'How many of them may come from one address.',
    }),
    livePerCredential: wholeNumber('REKEY_LIVE_PER_CREDENTIAL', {
      fallback: 100,
      min: 1,
      max: 1_000_000,
      meaning: 'How many of them may use one credential.',
    }),
    liveSubscriptions: wholeNumber('REKEY_LIVE_SUBSCRIPTIONS', {
      fallback: 20,
      min: 1,
      max: 1000,
      meaning: 'How many operations may be active on one WebSocket.',
    }),
  },
});
