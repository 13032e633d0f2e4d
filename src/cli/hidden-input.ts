import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/** The exit code of a program that Ctrl-C has ended: 128 and the number of SIGINT. */
const CANCELED = 130;

/**
 * Asks for a secret on the terminal, or reads it from a pipe. From its construction on, the terminal shows nothing of
 * what is typed: make it before anything that takes time. The launcher hides the input until then.
 */
export class HiddenInput {
  readonly #isTerminal = process.stdin.isTTY === true;
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    // The terminal is in raw mode as long as this is open, and readline echoes into nothing.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#interface = createInterface({
      input: process.stdin,
      output: nowhere,
      terminal: this.#isTerminal,
      historySize: 0,
    });
    // At once, whatever the command waits for: the terminal is in raw mode and sends no signal.
    this.#interface.on('SIGINT', () => {
      this.#interface.close();
      process.stderr.write('\nCanceled. No administrator was created.\n');
      process.exit(CANCELED);
    });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** A new secret: asked for twice on a terminal, since nothing of it is shown. */
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
