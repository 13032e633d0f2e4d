import { median, quantile } from './statistics.ts';

export type Unit =
  | 'µs'
  | 'ms'
  | 'requests/s'
  | 'refreshes/s'
  | 'statements/s'
  | 'writes/s'
  | 'events/s'
  | 'keys/s'
  | 'KiB'
  | 'MiB'
  | 'open'
  | 'of 2'
  | 'turns'
  | 'lines'
  | 'requests';

/** What a number should be. Never asserted: on a shared machine, a missed target only asks for a closer look. */
export type Target = { atMost: number } | { atLeast: number };

export interface Row {
  what: string;
  unit: Unit;
  samples: readonly number[];
  /** Which quantile is shown and compared with the target. Defaults to the median. */
  at?: number;
  /** Pair by pair against the contestant that `what` names. The target then applies to its median. */
  ratio?: readonly number[];
  target?: Target;
}

const HEADINGS = ['what', 'median', 'spread', 'ratio', 'target', ''];

/** Lines of text: the median (or another quantile), the middle eight tenths of the samples, ratio and target. */
export function table(rows: readonly Row[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_heading, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) =>
        column === 0 || column > 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], '-'.repeat(Math.max(...lines.map((line) => line.length))), ...lines.slice(1)].join('\n');
}

function cellsOf({ what, unit, samples, at = 0.5, ratio, target }: Row): string[] {
  const value = quantile(samples, at);
  const spread = samples.length < 3 ? '' : `${number(quantile(samples, 0.1))} to ${number(quantile(samples, 0.9))}`;
  const held = ratio ? median(ratio) : value;
  return [
    what,
    `${number(value)} ${unit}`,
    spread,
    ratio ? median(ratio).toFixed(2) : '',
    target ? `${'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`}${ratio ? '' : ` ${unit}`}` : '',
    target ? (('atMost' in target ? held <= target.atMost : held >= target.atLeast) ? 'met' : 'MISSED') : '',
  ];
}

/** Three significant digits. */
function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
