import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/** The exit code of a program that was ended by Ctrl-C: 128 and the number of SIGINT. */
const CANCELED = 130;

/**
 * Asks for a secret on the terminal, or reads it from a pipe. From its construction on, the terminal does not show what
 * is typed: create it before anything that takes time. The launcher hides the input until then.
 */
export class HiddenInput {
  readonly #isTerminal = process.stdin.isTTY === true;
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    // The terminal is in raw mode while this is open, and the echo of readline is dropped.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#interface = createInterface({
      input: process.stdin,
      output: nowhere,
      terminal: this.#isTerminal,
      historySize: 0,
    });
    // At once, even while the command waits: the terminal is in raw mode and sends no signal.
    this.#interface.on('SIGINT', () => {
      this.#interface.close();
      process.stderr.write('\nCanceled. No administrator was created.\n');
      process.exit(CANCELED);
    });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** Reads a new secret. On a terminal it asks twice, because the input is not shown. */
  async newSecret(name: string): Promise<string> {
    const secret = await this.#ask(`${name}: `, name);
    if (this.#isTerminal && (await this.#ask(`${name} again: `, name)) !== secret) {
      throw new Error('The two inputs differ. No change was made. Run the command again.');
    }
    return secret;
  }

  close(): void {
    this.#interface.close();
  }

  async #ask(prompt: string, name: string): Promise<string> {
    if (this.#isTerminal) process.stderr.write(prompt);
    const { value, done } = await this.#lines.next();
    if (this.#isTerminal) process.stderr.write('\n');
    if (done) throw new Error(`${name} is missing. Type it, or pass it on standard input.`);
    return value;
  }
}
