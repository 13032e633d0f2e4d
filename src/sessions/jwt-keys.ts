import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Audit, RecordedEvent } from '../audit/audit.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { open, seal } from '../crypto/seal.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { JwtKey } from './jwt-key.entity.ts';
import { LONGEST_ACCESS_TOKEN_MS } from './lifetimes.ts';
import type { sessionEvents } from './session.events.ts';

const SEAL_PURPOSE = 'jwt-key';
/** A flood of unknown key ids must not become a flood of reads. */
const LOAD_EVERY_MS = 100;

const LOAD: Statement = {
  name: 'jwt-keys-load',
  text: `select kid, state, public_jwk as "publicJwk", private_sealed as "privateSealed" from jwt_keys`,
};
type LoadRow = Pick<JwtKey, 'kid' | 'state' | 'publicJwk' | 'privateSealed'>;

/** Twice as long as others may keep the list of keys (see `http/jwks.ts`). */
const PUBLISHED_BEFORE_USE_MS = 600_000;
const SIGNS_FOR_MS = 30 * 86_400_000;
/** An hour for replicas that have not heard yet. */
const RETIRED_FOR_MS = LONGEST_ACCESS_TOKEN_MS + 3_600_000;

interface LoadedKey {
  publicKey: KeyObject;
  publicJwk: JWK;
}

export interface JwtKeysOptions {
  sql: Sql;
  fork: () => EntityManager;
  keyring: Keyring;
  audit: Audit<typeof sessionEvents>;
  /** Database time, and our own for pauses. */
  clock: Clock;
}

/** The keys of the access tokens: Ed25519, shared by all replicas through the database, sealed at rest. */
export class JwtKeys {
  readonly #options: JwtKeysOptions;
  #loaded = new Map<string, LoadedKey>();
  #signing: { kid: string; privateKey: KeyObject } | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loads = 0;
  #latestLoad = 0;
  #nextLoad: Promise<void> | null = null;

  constructor(options: JwtKeysOptions) {
    this.#options = options;
  }

  /**
   * Loads the keys as they are now. Where none signs, since there are none yet or somebody deleted the one that did, the
   * next one signs from now on. Several replicas may do so at once: one does it.
   */
  async load(): Promise<void> {
    await this.#load();
    if (this.#signing) return;
    await this.#exclusively((em) => this.#replaceMissing(em, 'repair'));
    await this.#load();
  }

  /**
   * The next key signs from now on, the current one retires, and a new next one is published. Whoever verifies offline
   * has known the next key for as long as they may keep the list, so not a single token is refused.
   *
   * @param how for the audit log: because an operator asked for it, or because the current key has signed for long enough
   * @returns when rotating will be possible, where the next key was published too recently; null when it was done
   */
  async rotate(how: 'command' | 'schedule' = 'command'): Promise<Date | null> {
    const now = this.#options.clock.now();
    const possible = await this.#exclusively(async (em) => {
      await correctMoments(em, now);
      const current = await em.findOne(JwtKey, { state: 'CURRENT' });
      if (!current) return this.#replaceMissing(em, 'repair');
      const next = await this.#nextKey(em);
      const published = new Date(next.createdAt.getTime() + PUBLISHED_BEFORE_USE_MS);
      if (published > now) return published;
      current.retire(now);
      await em.flush(); // There is room for one current key.
      next.activate(now);
      const following = await this.#generate();
      em.persist(following);
      const data = { retiredKid: current.kid, nextKid: following.kid, how };
      this.#record(em, { type: 'jwt-key.rotated', subjectId: next.kid, data });
      return null;
    });
    await this.#load();
    return possible;
  }

  /**
   * A key that leaked: whatever it has signed is refused from the commit on, and another one signs. Nobody has to wait
   * until the other one is known everywhere, for nothing that others could verify is left.
   *
   * @returns when; null where there was no such key
   */
  async revoke(kid: string): Promise<Date | null> {
    const revokedAt = await this.#exclusively(async (em) => {
      const key = await em.findOne(JwtKey, { kid });
      if (!key) return null;
      em.remove(key);
      this.#record(em, { type: 'jwt-key.revoked', subjectId: kid, data: { state: key.state, how: 'command' } });
      await em.flush(); // There is room for one current key.
      await this.#replaceMissing(em, key.state === 'CURRENT' ? 'command' : 'repair');
      return this.#options.clock.now();
    });
    await this.#load();
    return revokedAt;
  }

  /** Every key there is, oldest first. */
  list(): Promise<JwtKey[]> {
    return this.#options.fork().find(JwtKey, {}, { orderBy: { createdAt: 'asc', kid: 'asc' } });
  }

  /** Rotates a key that has signed for long enough, forgets those whose last token is over, and looks for news. */
  async purge(): Promise<void> {
    const at = this.#options.clock.now();
    const now = at.getTime();
    await this.#exclusively(async (em) => {
      await correctMoments(em, at);
      const over = await em.find(JwtKey, { state: 'RETIRED', retiredAt: { $lt: new Date(now - RETIRED_FOR_MS) } });
      em.remove(over);
      for (const { kid } of over) {
        this.#record(em, { type: 'jwt-key.removed', subjectId: kid, data: { how: 'schedule' } });
      }
    });
    await this.load();
    const current = await this.#options.fork().findOne(JwtKey, { state: 'CURRENT' });
    if (current?.activatedAt && now - current.activatedAt.getTime() > SIGNS_FOR_MS) await this.rotate('schedule');
  }

  /** The key that signs now. */
  get signing(): { kid: string; privateKey: KeyObject } {
    if (!this.#signing) throw unavailable(new Error('There is no current JWT key.'));
    return this.#signing;
  }

  /**
   * The public key with this id, whatever its state; null where there is none. Another replica may have made it a
   * moment ago: only the database, asked after the question came up, can say that there is none.
   */
  async verifying(kid: string): Promise<KeyObject | null> {
    if (!this.#loaded.has(kid)) await this.#loadNext();
    return this.#loaded.get(kid)?.publicKey ?? null;
  }

  /** RFC 7517: the public halves of every key that may have signed a token that still lives, and of the next one. */
  get jwks(): { keys: JWK[] } {
    return { keys: [...this.#loaded.values()].map((key) => key.publicJwk) };
  }

  /** The next load, which begins after this call. Everybody who asks until then shares it. */
  #loadNext(): Promise<void> {
    this.#nextLoad ??= sleep(Math.max(0, this.#loadedAt + LOAD_EVERY_MS - this.#options.clock.monotonic())).then(() => {
      this.#nextLoad = null;
      return this.#load();
    });
    return this.#nextLoad;
  }

  async #load(): Promise<void> {
    this.#loadedAt = this.#options.clock.monotonic();
    const load = ++this.#loads;
    const rows = await this.#options.sql.query<LoadRow>(LOAD);
    if (load < this.#latestLoad) return; // One that began later was faster.
    this.#latestLoad = load;
    this.#loaded = new Map(
      rows.map((row) => [
        row.kid,
        {
          publicJwk: row.publicJwk,
          publicKey: createPublicKey({ key: { ...row.publicJwk }, format: 'jwk' }),
        },
      ]),
    );
    const current = rows.find((row) => row.state === 'CURRENT');
    this.#signing = null;
    if (!current) return;
    const sealed = { purpose: SEAL_PURPOSE, aad: current.kid, sealed: current.privateSealed };
    const pem = open(this.#options.keyring, sealed).toString('utf8');
    this.#signing = { kid: current.kid, privateKey: createPrivateKey(pem) };
  }

  /** Where no key signs, the next one does. */
  async #replaceMissing(em: EntityManager, how: 'command' | 'repair'): Promise<null> {
    if ((await em.count(JwtKey, { state: 'CURRENT' })) > 0) return null;
    const next = await this.#nextKey(em);
    next.activate(this.#options.clock.now());
    const following = await this.#generate();
    em.persist(following);
    this.#record(em, { type: 'jwt-key.activated', subjectId: next.kid, data: { nextKid: following.kid, how } });
    return null;
  }

  /** The key that signs next. Somebody may have deleted it: then there is one again. */
  async #nextKey(em: EntityManager): Promise<JwtKey> {
    const next = (await em.findOne(JwtKey, { state: 'NEXT' })) ?? (await this.#generate());
    em.persist(next);
    return next;
  }

  /** As part of the change: no user and no request asks for what happens to these keys. */
  #record(em: EntityManager, event: RecordedEvent<typeof sessionEvents>): void {
    this.#options.audit.record({ em, principal: null, origin: null }, event);
  }

  #exclusively<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    const locked = async (em: EntityManager) => {
      await lockText(em, 'rekey:jwt-keys');
      return work(em);
    };
    // What the holder of the lock before has committed is seen.
    return this.#options.fork().transactional(locked, { isolationLevel: IsolationLevel.READ_COMMITTED });
  }

  async #generate(): Promise<JwtKey> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return Object.assign(new JwtKey(), {
      kid,
      state: 'NEXT',
      publicJwk: { ...jwk, kid, use: 'sig', alg: 'EdDSA' },
      privateSealed: seal(this.#options.keyring, { purpose: SEAL_PURPOSE, aad: kid, plaintext: pem }),
      createdAt: this.#options.clock.now(),
      activatedAt: null,
      retiredAt: null,
    });
  }
}

async function correctMoments(em: EntityManager, now: Date): Promise<void> {
  for (const key of await em.find(JwtKey, {})) key.correctMoments(now);
}
