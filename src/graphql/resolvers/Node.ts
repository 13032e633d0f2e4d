import type { NodeResolvers } from '../generated/types.ts';
import { typeOfNode } from '../nodes.ts';

export const Node: NodeResolvers = {
  __resolveType: ({ id }) => typeOfNode(id) as never,
};
