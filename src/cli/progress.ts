const WIDTH = 30;
/** The least time between two updates, in milliseconds: on a terminal, and elsewhere. */
const EVERY_MS = { terminal: 100, file: 10_000 };

/** How far a command is: a bar on a terminal; elsewhere, a line from time to time. It is written to standard error. */
export class Progress {
  readonly #what: string;
  readonly #stream: NodeJS.WriteStream;
  /** Since the last update, or since the work began. */
  #writtenAt: number | null = null;

  constructor(what: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#what = what;
    this.#stream = stream;
  }

  /** @param part from 0 to 1 */
  show(part: number, count: number): void {
    const now = performance.now();
    const isTerminal = this.#stream.isTTY === true;
    this.#writtenAt ??= now;
    if (now - this.#writtenAt < (isTerminal ? EVERY_MS.terminal : EVERY_MS.file)) return;
    this.#writtenAt = now;
    const percent = `${Math.floor(Math.min(1, part) * 100)} %`;
    if (!isTerminal) {
      this.#stream.write(`${this.#what}: ${percent}, ${count} lines\n`);
      return;
    }
    const full = Math.round(Math.min(1, part) * WIDTH);
    this.#stream.write(`\r${this.#what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${percent}, ${count} lines `);
  }

  /** Removes the bar, so that other lines can be written. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K');
  }
}
