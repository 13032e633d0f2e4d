import type { MetadataEntryResolvers } from '../generated/types.ts';

export const MetadataEntry: MetadataEntryResolvers = {};
