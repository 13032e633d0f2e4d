import { Counter, type Registry } from 'prom-client';
import { AccessError } from '../identity/access-error.ts';

const OUTCOMES = ['succeeded', 'rejected', 'limited', 'failed'] as const;

/** Counts logins by their outcome. */
export class LoginMetrics {
  readonly #logins: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.#logins = new Counter({
      name: 'rekey_logins_total',
      help: 'Logins by outcome: succeeded, rejected (wrong password, unknown or disabled account), limited or failed.',
      labelNames: ['outcome'] as const,
      registers: [registry],
    });
    for (const outcome of OUTCOMES) this.#logins.inc({ outcome }, 0);
  }

  /** Runs a login and counts it. */
  async count<Outcome extends { kind: string }>(login: () => Promise<Outcome>): Promise<Outcome> {
    try {
      const outcome = await login();
      this.#add(outcome.kind === 'loggedIn' ? 'succeeded' : 'rejected');
      return outcome;
    } catch (error) {
      this.#add(error instanceof AccessError && error.code === 'RATE_LIMITED' ? 'limited' : 'failed');
      throw error;
    }
  }

  #add(outcome: (typeof OUTCOMES)[number]): void {
    this.#logins.inc({ outcome });
  }
}
