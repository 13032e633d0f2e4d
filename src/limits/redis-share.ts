import { hash } from 'node:crypto';
import { ErrorReply } from '@redis/client';
import type { RateLimit } from '../identity/rate-limit.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Breaker } from '../redis/breaker.ts';
import type { RedisClient } from '../redis/client.ts';
import { RedisServerIdentity } from '../redis/server-identity.ts';
import type { Returned } from './rate-windows.ts';

/** A Lua script, and the hash by which Redis finds it once it knows it. */
interface Script {
  readonly text: string;
  readonly sha1: string;
}
const script = (text: string): Script => ({ text, sha1: hash('sha1', text) });

// Takes one request of the share. If the share is of another limit, which was changed meanwhile, the share is deleted, and
// the caller gives the rest of it back.
const TAKE = script(`
local share = redis.call('HMGET', KEYS[1], 'window', 'limit', 'left', 'beyond', 'endsAt')
if not share[1] then return { 'empty' } end
local left = tonumber(share[3])
if share[2] ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  return { 'other', share[1], left }
end
if left < 1 then return { 'empty' } end
redis.call('HINCRBY', KEYS[1], 'left', -1)
return { 'taken', share[1], left - 1, tonumber(share[4]), share[5] }
`);

// Adds to the share of this window. The share of an earlier window is over, and is replaced.
const ADD = script(`
local share = redis.call('HMGET', KEYS[1], 'window', 'limit', 'left', 'endsAt')
local left = tonumber(ARGV[3])
if share[2] == ARGV[2] then
  if share[1] == ARGV[1] then
    left = left + tonumber(share[3])
  elseif tonumber(share[4]) > tonumber(ARGV[5]) then
    return 0
  end
end
redis.call('HSET', KEYS[1], 'window', ARGV[1], 'limit', ARGV[2], 'left', left, 'beyond', ARGV[4], 'endsAt', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return left
`);

/** One request of the share in Redis. */
export interface TakenFromRedis {
  readonly window: string;
  /** What is left of the share. */
  readonly left: number;
  /** What PostgreSQL had left when it handed out the share. */
  readonly beyond: number;
  /** When the window ends, in milliseconds since the epoch by the clock of the database. */
  readonly endsAt: number;
}

export interface SharedRequests extends Returned {
  readonly beyond: number;
  readonly endsAt: number;
  readonly remainingMs: number;
}

export interface RedisShareOptions {
  redis: RedisClient;
  breaker: Breaker;
  logger: Logger;
}

/** The credential and its limit. */
export interface Limited {
  readonly credentialId: string;
  readonly limit: RateLimit;
}

/**
 * A share that all replicas use together: one atomic call for each request. Redis holds only what PostgreSQL has handed out,
 * so a Redis that loses it loses requests, and allows none twice. What one server holds is never taken from another one,
 * nor from the same one after a restart or a promotion: it may have an earlier state.
 */
export class RedisShare {
  readonly #redis: RedisClient;
  readonly #breaker: Breaker;
  readonly #server: RedisServerIdentity;

  constructor({ redis, breaker, logger }: RedisShareOptions) {
    this.#redis = redis;
    this.#breaker = breaker;
    this.#server = new RedisServerIdentity(redis, logger);
  }

  /** Whether Redis is there, as far as this process knows. */
  get isThere(): boolean {
    return this.#server.current !== null && !this.#breaker.isOpen;
  }

  /**
   * Takes one request, in one round trip. Never throws.
   *
   * @param late called with what arrives after the timeout of the call
   * @returns null if there is none, or if Redis does not respond; what was taken of the share of another limit, if there was one
   */
  async take(limited: Limited, late: (taken: TakenFromRedis) => void): Promise<TakenFromRedis | Returned | null> {
    const server = this.#server.current;
    if (server === null) return null;
    let answered = false;
    const call = async () => {
      const reply = await this.#run(TAKE, keyOf(server, limited), [textOf(limited.limit)]);
      // What was taken on a connection that is lost meanwhile was taken from the server of that connection.
      const taken = readReply(reply as string[]);
      if (answered && taken && 'endsAt' in taken) late(taken);
      return taken;
    };
    try {
      return await this.#breaker.run(call);
    } catch {
      return null; // The breaker has reported it.
    } finally {
      answered = true;
    }
  }

  /** Adds requests for all replicas. Never throws. @returns false if they may be lost */
  async add(limited: Limited, { window, requests, beyond, endsAt, remainingMs }: SharedRequests): Promise<boolean> {
    const server = this.#server.current;
    if (server === null) return false;
    const values = [window, textOf(limited.limit), requests, beyond, endsAt, Math.max(1, Math.ceil(remainingMs))];
    try {
      await this.#breaker.run(() => this.#run(ADD, keyOf(server, limited), values.map(String)));
      return true;
    } catch {
      return false;
    }
  }

  async #run({ text, sha1 }: Script, key: string, values: string[]): Promise<unknown> {
    const options = { keys: [key], arguments: values };
    try {
      return await this.#redis.evalSha(sha1, options);
    } catch (error) {
      if (!(error instanceof ErrorReply && error.message.startsWith('NOSCRIPT'))) throw error;
      return this.#redis.eval(text, options);
    }
  }
}

const keyOf = (server: string, { credentialId }: Limited) =>
  `rekey:rate:${hash('sha256', server, 'base64url').slice(0, 16)}:${credentialId}`;
const textOf = ({ requests, windowSeconds }: RateLimit) => `${requests}/${windowSeconds}`;

function readReply([outcome, window, left, beyond, endsAt]: readonly (string | number)[]):
  | TakenFromRedis
  | Returned
  | null {
  if (outcome === 'empty') return null;
  if (outcome === 'other') return { window: String(window), requests: Math.max(0, Number(left)) };
  return { window: String(window), left: Number(left), beyond: Number(beyond), endsAt: Number(endsAt) };
}
