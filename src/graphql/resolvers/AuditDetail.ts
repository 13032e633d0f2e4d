import type { AuditDetailResolvers } from '../generated/types.ts';

export const AuditDetail: AuditDetailResolvers = {};
