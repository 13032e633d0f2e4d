import { defineFeature } from '../feature.ts';
import { AuditEventSchema } from './audit-event.entity.ts';

/** The audit log: every event stands in the transaction of the change that it records. */
export const audit = defineFeature({ name: 'audit', entities: [AuditEventSchema] });
