import { systemClock } from '../../src/kernel/clock.ts';
import { createLogger, type Logger } from '../../src/kernel/logger.ts';
import { Outage } from '../../src/kernel/outage.ts';

export const silentLogger: Logger = createLogger({ level: 'silent' });

/** A logger, and the lines that it has written so far. */
export function recordingLogger(level: Parameters<typeof createLogger>[0]['level'] = 'info') {
  const lines: string[] = [];
  return { logger: createLogger({ level, destination: { write: (line) => void lines.push(line) } }), lines };
}

/** Logs outages to this logger. */
export function outageOf(logger: Logger, fields = {}): Outage {
  return new Outage({ logger, clock: systemClock, began: 'the outage began', over: 'the outage is over', fields });
}

export const silentOutage = { failed: () => undefined, worked: () => undefined } as unknown as Outage;
