import type { Explanation } from '../../explanations/explanation.ts';

export type ExplanationMapper = Explanation;
