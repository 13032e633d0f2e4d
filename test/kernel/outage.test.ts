import { expect, test, vi } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { Outage } from '../../src/kernel/outage.ts';
import { recordingLogger } from '../support/loggers.ts';

function recorded(level = 'info') {
  const { logger, lines } = recordingLogger(level);
  const outage = new Outage({ logger, clock: systemClock, began: 'it began', over: 'it is over', fields: { of: 'x' } });
  return { outage, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test('an outage is one line at its begin and one at its end, with the number of failures', () => {
  vi.useFakeTimers();
  try {
    const { outage, parsed } = recorded();
    outage.worked();
    for (let index = 0; index < 1000; index++) outage.failed(new Error('no answer'), 'a request failed', { index });
    expect(parsed()).toMatchObject([
      { level: 'warn', msg: 'it began', of: 'x', first: 'a request failed', index: 0, err: { message: 'no answer' } },
    ]);
    outage.worked();
    vi.advanceTimersByTime(10_000);
    outage.worked();
    vi.advanceTimersByTime(10_000);
    expect(parsed()).toHaveLength(2);
    expect(parsed()[1]).toMatchObject({ level: 'info', msg: 'it is over', of: 'x', failures: 1000 });
  } finally {
    vi.useRealTimers();
  }
});

test('while some calls work and others fail, it is one outage', () => {
  vi.useFakeTimers();
  try {
    const { outage, parsed } = recorded();
    for (let index = 0; index < 50; index++) {
      outage.failed(new Error('no'), 'a request failed');
      outage.worked();
      vi.advanceTimersByTime(500);
    }
    expect(parsed()).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(parsed()[1]).toMatchObject({ failures: 50 });
    outage.failed(new Error('no'), 'a request failed');
    expect(parsed()).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

test('each further failure is logged at level debug', () => {
  const { outage, parsed } = recorded('debug');
  for (const requestId of ['one', 'two', 'three']) outage.failed(new Error('no'), 'a request failed', { requestId });
  expect(parsed().map(({ level, requestId }) => [level, requestId])).toEqual([
    ['warn', 'one'],
    ['debug', 'two'],
    ['debug', 'three'],
  ]);
});
