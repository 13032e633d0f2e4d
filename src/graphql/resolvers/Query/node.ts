import type { QueryResolvers } from '../../generated/types.ts';
import { findNode } from '../../nodes.ts';

export const node: NonNullable<QueryResolvers['node']> = (_parent, { id }, context) => findNode(context, id);
