const WIDTH = 30;
/** The least time between two updates, in milliseconds: on a terminal, and elsewhere. */
const EVERY_MS = { terminal: 100, file: 10_000 };

/** How far a command is: a bar on a terminal; elsewhere, a line from time to time. It is written to standard error. */
export class Progress {
  readonly #what: string;
  readonly #stream: NodeJS.WriteStream;
  readonly #unit: string;
  #writtenAt: number;

  constructor(what: string, unit: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#what = what;
    this.#stream = stream;
    this.#unit = unit;
    this.#writtenAt = performance.now();
  }

  /** @param part from 0 to 1; null if the whole is not known */
  show(part: number | null, count: number): void {
    const now = performance.now();
    const isTerminal = this.#stream.isTTY === true;
    if (now - this.#writtenAt < (isTerminal ? EVERY_MS.terminal : EVERY_MS.file)) return;
    this.#writtenAt = now;
    const percent = part === null ? '' : `${Math.floor(Math.min(1, part) * 100)} %, `;
    const full = Math.round(Math.min(1, part ?? 0) * WIDTH);
    const bar = part === null ? '' : ` [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
    const text = `${percent}${count} ${this.#unit}`;
    this.#stream.write(isTerminal ? `\r${this.#what}${bar} ${text} ` : `${this.#what}: ${text}\n`);
  }

  /** Removes the bar, so that other lines can be written. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K');
  }
}

/** Runs work while it shows its progress, and removes the bar at the end, also after an error. */
export async function showing<T>(progress: Progress, work: (progress: Progress) => Promise<T>): Promise<T> {
  try {
    return await work(progress);
  } finally {
    progress.clear();
  }
}
