import { defineFeature } from '../feature.ts';
import { daemonEviction, daemonTokenCredential, daemonTokenEviction } from './daemon-token.credential.ts';
import { DaemonSchema, DaemonTokenSchema } from './daemon-token.entity.ts';
import { daemonTokenEvents } from './daemon-token.events.ts';
import { Migration20261130000200 } from './migrations/20261130000200-daemon-tokens.ts';
import { Migration20261130000700 } from './migrations/20261130000700-daemon-events.ts';
import { Migration20261203000500 } from './migrations/20261203000500-governed-tokens.ts';
import { Migration20261211000200 } from './migrations/20261211000200-dates-of-tokens.ts';
import { Migration20261214000200 } from './migrations/20261214000200-unused-tokens.ts';
import { Migration20261220000200 } from './migrations/20261220000200-limited-tokens.ts';

/** Secrets of machines, which belong to a workspace and renew themselves. */
export const daemonTokens = defineFeature({
  name: 'daemon-tokens',
  entities: [DaemonSchema, DaemonTokenSchema],
  migrations: [
    { name: '20261130000200-daemon-tokens', class: Migration20261130000200 },
    { name: '20261130000700-daemon-events', class: Migration20261130000700 },
    { name: '20261203000500-governed-tokens', class: Migration20261203000500 },
    { name: '20261211000200-dates-of-tokens', class: Migration20261211000200 },
    { name: '20261214000200-unused-tokens', class: Migration20261214000200 },
    { name: '20261220000200-limited-tokens', class: Migration20261220000200 },
  ],
  credentials: [daemonTokenCredential],
  evictions: [daemonTokenEviction, daemonEviction],
  auditEvents: daemonTokenEvents,
});
