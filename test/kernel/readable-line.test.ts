import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/kernel/logger.ts';
import { readableLine } from '../../src/kernel/readable-line.ts';

/** The readable form of what this logs, without colors. */
function shown(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  log(createLogger({ level: 'trace', destination: { write: (line) => void lines.push(readableLine(line)) } }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of colors
  return lines.join('').replace(/\u001b\[\d+m/g, '');
}

describe('a line on a terminal', () => {
  test('has the time, the level, the message and the fields', () => {
    const text = shown((logger) => logger.info({ replica: 'r-1', count: 3, list: ['a'] }, 'cold start'));
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3}Z INFO {2}cold start replica=r-1 count=3 list=\["a"\]\n$/);
  });

  test('has the stack of an error and of its causes below', () => {
    const error = new Error('cannot save', { cause: new Error('refused') });
    const text = shown((logger) => logger.error({ err: error, requestId: 'r' }, 'unexpected error'));
    const [head, ...below] = text.trimEnd().split('\n');
    expect(head).toMatch(/ ERROR unexpected error requestId=r$/);
    expect(below[0]).toBe('    Error: cannot save');
    expect(below).toContain('    caused by Error: refused');
    for (const line of below) expect(line).toMatch(/^ {4}/);
  });

  test('shows no secret that the log masks', () => {
    const secret = `rka_${'a1B2c3D4e5F6'.repeat(3)}`;
    expect(shown((logger) => logger.warn({ password: 'hunter2', note: secret }, secret))).not.toMatch(/hunter2|a1B2/);
  });

  test('shows control characters of a client as escapes, so that no text looks like a line of its own', () => {
    const hostile = 'a\u001b[2J\n12:00:00.000 FATAL forged\u202e\r';
    const text = shown((logger) => logger.info({ name: hostile, [hostile]: 1 }, hostile));
    expect(text.split('\n')).toHaveLength(2);
    for (const character of ['\u001b', '\u202e', '\r']) expect(text).not.toContain(character);
    expect(text).toContain('\\u001b[2J\\u000a12:00:00.000 FATAL forged\\u202e');
  });

  test.each(['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)(
    'names the level %s, as the JSON does',
    (level) => {
      const lines: string[] = [];
      createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } })[level]('x');
      expect(JSON.parse(lines[0]!).level).toBe(level);
      expect(shown((logger) => logger[level]('x'))).toContain(` ${level.toUpperCase()}`);
    },
  );
});
