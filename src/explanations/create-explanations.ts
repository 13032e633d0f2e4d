import { randomUUID } from 'node:crypto';
import type { Part, Platform } from '../platform.ts';
import { Decisions, type DecisionsOptions } from './decisions.ts';
import { ExplanationService } from './explanation.service.ts';
import { CHANNEL } from './explanation.statements.ts';

/** What this replica remembers of its decisions, and the answers to questions about them. */
export function createExplanations(
  { database, replica, clock, logger }: Platform,
  needs: Pick<DecisionsOptions, 'requestIdOf' | 'endpointOf'>,
): Part & { decisions: Decisions; service: ExplanationService } {
  const processId = randomUUID();
  const decisions = new Decisions({ ...needs, replica, clock, processId });
  const service = new ExplanationService({ decisions, replica, sql: database.reads, clock, logger, processId });
  database.listenTo(CHANNEL, () => service.notified());
  return {
    decisions,
    service,
    jobs: {
      'forgetting old decisions': async () => decisions.forget(),
      'purging questions about requests': () => service.purge(),
    },
    stop: () => service.stop(),
  };
}
