import { defineFeature } from '../feature.ts';
import { AuditEventSchema } from './audit-event.entity.ts';
import { Migration20261130000000 } from './migrations/20261130000000-audit-data.ts';
import { Migration20261202000100 } from './migrations/20261202000100-audit-actors.ts';
import { Migration20261203000000 } from './migrations/20261203000000-refusals.ts';

/**
 * The audit log. Every event is part of the transaction of the change that it records. Each feature declares its own.
 */
export const audit = defineFeature({
  name: 'audit',
  entities: [AuditEventSchema],
  migrations: [
    { name: '20261130000000-audit-data', class: Migration20261130000000 },
    { name: '20261202000100-audit-actors', class: Migration20261202000100 },
    { name: '20261203000000-refusals', class: Migration20261203000000 },
  ],
});
