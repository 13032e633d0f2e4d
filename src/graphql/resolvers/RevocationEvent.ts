import type { RevocationEventResolvers } from '../generated/types.ts';

export const RevocationEvent: RevocationEventResolvers = {
  sequence: ({ sequence }) => String(sequence),
};
