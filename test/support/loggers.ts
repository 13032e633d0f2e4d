import { createLogger, type Logger } from '../../src/kernel/logger.ts';

export const silentLogger: Logger = createLogger({ level: 'silent' });

/** A logger, and the lines that it has written so far. */
export function recordingLogger(level: Parameters<typeof createLogger>[0]['level'] = 'info') {
  const lines: string[] = [];
  return { logger: createLogger({ level, destination: { write: (line) => void lines.push(line) } }), lines };
}
