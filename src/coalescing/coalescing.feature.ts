import { defineFeature } from '../feature.ts';

/** Concurrent identical queries of one credential, which share an execution. */
export const coalescing = defineFeature({ name: 'coalescing' });
