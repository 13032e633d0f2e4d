import { defineFeature } from '../feature.ts';
import { type Variable, wholeNumber } from '../kernel/variable.ts';
import { Migration20261126000200 } from './migrations/20261126000200-limits.ts';
import { Migration20261220000000 } from './migrations/20261220000000-rate-windows.ts';

const perMinute = (name: string, fallback: number, meaning: string): Variable<number> =>
  wholeNumber(name, { fallback, min: 0, max: 10_000, meaning });

/** Rate limits, counted in PostgreSQL; failed authentications in Redis and memory. 0 means no limit. */
export const limits = defineFeature({
  name: 'limits',
  tables: ['auth_limits', 'rate_windows'],
  migrations: [
    { name: '20261126000200-limits', class: Migration20261126000200 },
    { name: '20261220000000-rate-windows', class: Migration20261220000000 },
  ],
  variables: {
    loginPerMinute: perMinute(
      'REKEY_LOGIN_PER_MINUTE',
      10,
      'Logins per address, and per address and account; an account alone: ten times as many. The same per session for guesses at `changePassword`; a user: ten times as many.',
    ),
    registerPerMinute: perMinute(
      'REKEY_REGISTER_PER_MINUTE',
      10,
      'Registrations per address; `bootstrap`, `acceptInvitation` and `resetPassword` too.',
    ),
    refreshPerMinute: perMinute('REKEY_REFRESH_PER_MINUTE', 5, 'Refreshes per session; a user: ten times as many.'),
    ledgerPerMinute: perMinute(
      'REKEY_LEDGER_PER_MINUTE',
      120,
      'Calls of `revokeAccessToken` per credential; a user: ten times as many.',
    ),
    failedAuthPerMinute: wholeNumber('REKEY_FAILED_AUTH_PER_MINUTE', {
      fallback: 600,
      min: 0,
      max: 1_000_000,
      meaning: 'Failed authentications per address.',
    }),
  },
});
