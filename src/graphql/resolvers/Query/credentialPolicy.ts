import { policyOf } from '../../credential-fields.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const credentialPolicy: NonNullable<QueryResolvers['credentialPolicy']> = (_parent, _arg, context) =>
  policyOf(null, context);
