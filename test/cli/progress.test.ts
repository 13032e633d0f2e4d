import { expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

function shown({ isTTY, isWholeKnown = true }: { isTTY: boolean; isWholeKnown?: boolean }): string[] {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const progress = new Progress('Reading keys', 'lines', stream);
  for (const part of [0, 0.25, 0.5, 1]) {
    progress.show(isWholeKnown ? part : null, part * 1000);
    now += 6000;
  }
  progress.clear();
  vi.restoreAllMocks();
  return written;
}

test('on a terminal, a bar is drawn in one line, and removed at the end', () => {
  const written = shown({ isTTY: true });
  expect(written[0]).toBe(`\rReading keys [${'#'.repeat(8)}${'.'.repeat(22)}] 25 %, 250 lines `);
  expect(written.slice(0, -1).every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true);
  expect(written.at(-1)).toBe('\r\u001b[K');
});

test('if the whole is not known, only the number is shown', () => {
  expect(shown({ isTTY: true, isWholeKnown: false })[0]).toBe('\rReading keys 250 lines ');
  expect(shown({ isTTY: false, isWholeKnown: false })).toEqual(['Reading keys: 500 lines\n']);
});

test('elsewhere, a line is written from time to time, without control characters', () => {
  expect(shown({ isTTY: false })).toEqual(['Reading keys: 50 %, 500 lines\n']);
});
