import { defineFeature } from '../feature.ts';
import { wholeNumber } from '../kernel/variable.ts';
import { auditLogEvents } from './audit.events.ts';
import { AUDIT_EVENT_PROPERTIES, AuditEventSchema } from './audit-event.entity.ts';
import { AUDIT_KEY } from './audit-keys.ts';
import { Migration20261130000000 } from './migrations/20261130000000-audit-data.ts';
import { Migration20261202000100 } from './migrations/20261202000100-audit-actors.ts';
import { Migration20261203000000 } from './migrations/20261203000000-refusals.ts';
import { Migration20261217000000 } from './migrations/20261217000000-audit-chain.ts';
import { Migration20261222000000 } from './migrations/20261222000000-latest-changes.ts';
import { PERSONAL_FIELDS } from './personal-field.ts';
import { rejectionEvents } from './rejection.events.ts';

/**
 * The audit log. Every event is part of the transaction of the change that it records. Each feature declares its own.
 */
export const audit = defineFeature({
  name: 'audit',
  entities: [AuditEventSchema],
  tables: ['audit_links', 'audit_chains', 'audit_keys', 'audit_checkpoints', 'audit_removals'],
  variables: {
    auditRetentionDays: wholeNumber('REKEY_AUDIT_RETENTION_DAYS', {
      fallback: 0,
      min: 0,
      max: 36_500,
      meaning: 'How many days audit events are kept; 0 keeps them for ever. A signed summary says what was removed.',
    }),
  },
  auditEvents: { ...auditLogEvents, ...rejectionEvents },
  sealedFields: [AUDIT_KEY, ...Object.values(PERSONAL_FIELDS)],
  sealedProperties: AUDIT_EVENT_PROPERTIES,
  migrations: [
    { name: '20261130000000-audit-data', class: Migration20261130000000 },
    { name: '20261202000100-audit-actors', class: Migration20261202000100 },
    { name: '20261203000000-refusals', class: Migration20261203000000 },
    { name: '20261217000000-audit-chain', class: Migration20261217000000 },
    { name: '20261222000000-latest-changes', class: Migration20261222000000 },
  ],
});
