import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/**
 * Asks for a secret on the terminal, or reads it from a pipe. From its construction on, the terminal shows nothing of
 * what is typed: make it before anything that takes time.
 */
export class HiddenInput {
  readonly #isTerminal = process.stdin.isTTY === true;
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;
  #canceled = false;

  constructor() {
    // The terminal is in raw mode as long as this is open, and readline echoes into nothing.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#interface = createInterface({
      input: process.stdin,
      output: nowhere,
      terminal: this.#isTerminal,
      historySize: 0,
    });
    this.#interface.on('SIGINT', () => {
      this.#canceled = true;
      this.#interface.close();
    });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /** A new secret: asked for twice on a terminal, since nothing of it is shown. */
  async newSecret(name: string): Promise<string> {
    const secret = await this.#ask(`${name}: `, name);
    if (this.#isTerminal && (await this.#ask(`${name}, once more: `, name)) !== secret) {
      throw new Error('The two inputs differ. Nothing was changed. Run the command again.');
    }
    return secret;
  }

  close(): void {
    this.#interface.close();
  }

  async #ask(prompt: string, name: string): Promise<string> {
    if (this.#isTerminal && !this.#canceled) process.stderr.write(prompt);
    const { value, done } = await this.#lines.next();
    if (this.#isTerminal) process.stderr.write('\n');
    if (this.#canceled) throw new Error('Canceled. Nothing was changed.');
    if (done) throw new Error(`${name} is missing: type it, or write it to standard input.`);
    return value;
  }
}
