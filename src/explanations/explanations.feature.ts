import { defineFeature } from '../feature.ts';
import { Migration20261221000000 } from './migrations/20261221000000-explanations.ts';

/** Why a request was accepted or rejected, from the memory of the replica that decided. */
export const explanations = defineFeature({
  name: 'explanations',
  tables: ['explanation_questions', 'explanation_answers'],
  migrations: [{ name: '20261221000000-explanations', class: Migration20261221000000 }],
});
