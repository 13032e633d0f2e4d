import type { ChainedEvent } from '../../audit/audit-log.ts';

export type AuditEventMapper = ChainedEvent;
