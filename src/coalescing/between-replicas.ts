import type { Keyring } from '../crypto/keyring.ts';
import { open, type SealBinding, SealError, seal } from '../crypto/seal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outage } from '../kernel/outage.ts';
import { randomBytes } from '../kernel/random.ts';
import { Breaker } from '../redis/breaker.ts';
import type { RedisClient } from '../redis/client.ts';
import type { CoalescingCounts } from './metrics.ts';
import { GIVE, JOIN, LOOK, RELEASE, RENEW } from './scripts.ts';

/** The longest time that a request waits for one call of Redis, in milliseconds. */
const TIMEOUT_MS = 50;
/** How long a lock outlives its owner, and how often the owner renews it, in milliseconds. */
const LOCK_MS = 1000;
const RENEW_MS = 300;
/** How long a result waits for the replicas that asked for it, in milliseconds: several times their longest pause. */
const HAND_OVER_MS = 250;
/** The pause before the next look at the result, in milliseconds: half of the time waited so far. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;
/** The longest result that is handed over, in characters of its sealed text. */
const LONGEST_RESULT = 256 * 1024;
/** Must be increased with every change of what is stored: a result of another release must not open. */
const SEAL_PURPOSE = 'coalescing/1';

/** A result of another replica, and for how many more milliseconds it may be used. */
export interface HandedResult {
  readonly text: string;
  readonly keptMs: number;
}

/** How long this replica waits for another one. */
export interface Wait {
  readonly timeoutMs: number;
  readonly isNeeded: () => boolean;
}

/** The lock of one execution, which this replica holds. */
export interface HeldLock {
  /**
   * The execution has ended. Hands its result to the replicas that wait, in the background, and keeps it for `keptMs` more.
   *
   * @param text makes the result; null if it must not be handed over. Called only if a replica needs it
   */
  end(text: () => string | null, keptMs: number): void;
}

export interface BetweenReplicasOptions {
  redis: RedisClient;
  keyring: Keyring;
  clock: Clock;
  logger: Logger;
  /** The outages of Redis. */
  outage: Outage;
  counts: CoalescingCounts;
}

/**
 * One execution over all replicas: a lock in Redis with an owner, and the hand-over of the result. Redis may be slow, hang,
 * lose its data or hold forged data: then replicas execute for themselves. A result is sealed for the name of its execution
 * and the owner of the lock, so another text does not open.
 */
export class BetweenReplicas {
  readonly #options: BetweenReplicasOptions;
  readonly #breaker: Breaker;

  constructor(options: BetweenReplicasOptions) {
    this.#options = options;
    const { clock, outage } = options;
    this.#breaker = new Breaker({
      clock,
      timeoutMs: TIMEOUT_MS,
      failures: 3,
      openMs: 1000,
      // Meanwhile, replicas share no executions with each other.
      onChange: (isOpen, cause) =>
        isOpen ? outage.failed(cause, 'sharing executions through Redis failed') : outage.worked(),
    });
  }

  /**
   * Takes the lock of this execution, or waits for the replica that holds it.
   *
   * @param name of the execution
   * @param wait the longest wait in milliseconds, and whether its result is still needed
   * @returns the lock, the result of the other replica, or null if this replica must execute without a lock: the other one
   *   has failed, or takes too long, or Redis does not respond
   */
  async claim(name: string, wait: Wait): Promise<HeldLock | HandedResult | null> {
    const { counts } = this.#options;
    const token = randomBytes(16).toString('base64url');
    const [owner, sealed, keptMs] = (await this.#run(JOIN, [keyOf(name)], [token, String(LOCK_MS)])) ?? [];
    if (owner === undefined) return null;
    if (owner === token) return this.#hold(name, token);
    if (sealed === undefined) {
      counts.waiting++;
      return this.#wait(name, owner, wait).finally(() => counts.waiting--);
    }
    const text = this.#open(name, owner, sealed);
    return text === null ? null : { text, keptMs: Math.max(0, Number(keptMs)) };
  }

  #hold(name: string, token: string): HeldLock {
    const keys = [keyOf(name), resultKeyOf(name, token)];
    const renewing = setInterval(() => void this.#run(RENEW, keys, [token, String(LOCK_MS)]), RENEW_MS).unref();
    return {
      end: (text, keptMs) => {
        clearInterval(renewing);
        this.#end(keys, { token, keptMs, seal: () => this.#seal(name, token, text()) }).catch((error) =>
          this.#options.logger.error({ err: error }, 'handing over a result failed'),
        );
      },
    };
  }

  /** A lone execution sends one small command, and no result. */
  async #end(
    keys: string[],
    { token, keptMs, seal }: { token: string; keptMs: number; seal: () => string | null },
  ): Promise<void> {
    const sealed = keptMs > 0 ? seal() : undefined;
    if (!sealed) {
      const [wanted] = (await this.#run(RELEASE, keys, [token, sealed === undefined ? '1' : '0'])) ?? [];
      if (wanted !== '1') return;
    }
    const given = sealed ?? seal();
    if (given === null) await this.#run(RELEASE, keys, [token, '0']);
    else await this.#run(GIVE, keys, [token, given, String(HAND_OVER_MS), String(Math.floor(keptMs))]);
  }

  async #wait(name: string, owner: string, { timeoutMs, isNeeded }: Wait): Promise<HandedResult | null> {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    const keys = [keyOf(name), resultKeyOf(name, owner)];
    for (;;) {
      const waited = clock.monotonic() - begun;
      if (waited >= timeoutMs || !isNeeded()) return null;
      const pause = Math.min(Math.max(SHORTEST_PAUSE_MS, waited / 2), LONGEST_PAUSE_MS, timeoutMs - waited);
      await new Promise((resolve) => setTimeout(resolve, pause));
      const answer = await this.#run(LOOK, keys, [owner]);
      if (!answer) {
        if (this.#breaker.isOpen) return null;
        continue;
      }
      const [state, sealed, keptMs] = answer;
      if (state === 'running') continue;
      const text = sealed === undefined ? null : this.#open(name, owner, sealed);
      return text === null ? null : { text, keptMs: Math.max(0, Number(keptMs)) };
    }
  }

  #seal(name: string, token: string, text: string | null): string | null {
    if (text === null || text.length > LONGEST_RESULT) return null;
    const sealed = seal(this.#options.keyring, { ...boundTo(name, token), plaintext: text });
    return sealed.length > LONGEST_RESULT ? null : sealed;
  }

  #open(name: string, token: string, sealed: string): string | null {
    try {
      return open(this.#options.keyring, { ...boundTo(name, token), sealed }).toString('utf8');
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#options.counts.failedCalls++;
      return null;
    }
  }

  /** The answer of a script: texts. Null if Redis does not respond, or answers something else. */
  async #run(script: string, keys: string[], values: string[]): Promise<string[] | null> {
    const { redis, counts, logger } = this.#options;
    try {
      const answer = await this.#breaker.run(() => redis.eval(script, { keys, arguments: values }));
      return Array.isArray(answer) ? answer.map(String) : null;
    } catch (error) {
      counts.failedCalls++;
      logger.debug({ err: error }, 'coalescing: a call of Redis failed');
      return null;
    }
  }
}

/** The braces keep both keys in one slot of a cluster. */
const keyOf = (name: string) => `rekey:coalescing:{${name}}`;
const resultKeyOf = (name: string, token: string) => `rekey:coalescing:{${name}}:${token}`;

/** A sealed result opens only for its own execution, and only as the one of the owner of its lock. */
function boundTo(name: string, token: string): SealBinding {
  return { purpose: SEAL_PURPOSE, aad: `${name}|${token}` };
}
