import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/sql';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Keyring } from '../crypto/keyring.ts';
import { open, seal } from '../crypto/seal.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Sql, Statement } from '../kernel/sql.ts';
import { JwtKey, type JwtKeyState } from './jwt-key.entity.ts';

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
/** The longest life of any access token, and an hour for replicas that have not heard yet. */
const RETIRED_FOR_MS = 90_000_000;

interface LoadedKey {
  state: JwtKeyState;
  publicKey: KeyObject;
  publicJwk: JWK;
}

export interface JwtKeysOptions {
  sql: Sql;
  fork: () => EntityManager;
  keyring: Keyring;
  /** Database time, and our own for pauses. */
  clock: Clock;
}

/** The keys of the access tokens: Ed25519, shared by all replicas through the database, sealed at rest. */
export class JwtKeys {
  readonly #options: JwtKeysOptions;
  #loaded = new Map<string, LoadedKey>();
  #signing: { kid: string; privateKey: KeyObject } | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #next: Promise<void> | null = null;

  constructor(options: JwtKeysOptions) {
    this.#options = options;
  }

  /** Loads the keys; makes the first ones where there are none. Several replicas may do so at once: one makes them. */
  async start(): Promise<void> {
    await this.#load();
    if (this.#signing) return;
    await this.#exclusively(async (em) => {
      if ((await em.count(JwtKey, { state: 'CURRENT' })) > 0) return;
      const current = await this.#generate();
      current.activate(this.#options.clock.now());
      em.persist([current, await this.#generate()]);
    });
    await this.#load();
  }

  /**
   * The next key signs from now on, the current one retires, and a new next one is published. Whoever verifies offline
   * has known the next key for as long as they may keep the list, so not a single token is refused.
   *
   * @returns when rotating will be possible, where the next key was published too recently; null when it was done
   */
  async rotate(): Promise<Date | null> {
    const now = this.#options.clock.now();
    const possible = await this.#exclusively(async (em) => {
      // Somebody may have deleted it: then there is one again, to be published first.
      const next = (await em.findOne(JwtKey, { state: 'NEXT' })) ?? (await this.#generate());
      em.persist(next);
      const published = new Date(next.createdAt.getTime() + PUBLISHED_BEFORE_USE_MS);
      if (published > now) return published;
      const current = await em.findOneOrFail(JwtKey, { state: 'CURRENT' });
      current.retire(now);
      await em.flush(); // There is room for one current key.
      next.activate(now);
      em.persist(await this.#generate());
      return null;
    });
    await this.#load();
    return possible;
  }

  /** Rotates a key that has signed for long enough, forgets those whose last token is over, and looks for news. */
  async tidy(): Promise<void> {
    const now = this.#options.clock.now().getTime();
    await this.#exclusively(async (em) => {
      const over = await em.find(JwtKey, { state: 'RETIRED', retiredAt: { $lt: new Date(now - RETIRED_FOR_MS) } });
      em.remove(over);
    });
    await this.#load();
    const current = await this.#options.fork().findOne(JwtKey, { state: 'CURRENT' });
    if (current?.activatedAt && now - current.activatedAt.getTime() > SIGNS_FOR_MS) await this.rotate();
  }

  /** The key that signs now. */
  get signing(): { kid: string; privateKey: KeyObject } {
    if (!this.#signing) throw new Error('There is no current JWT key.');
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
    this.#next ??= sleep(Math.max(0, this.#loadedAt + LOAD_EVERY_MS - this.#options.clock.monotonic())).then(() => {
      this.#next = null;
      return this.#load();
    });
    return this.#next;
  }

  async #load(): Promise<void> {
    this.#loadedAt = this.#options.clock.monotonic();
    const rows = await this.#options.sql.query<LoadRow>(LOAD);
    this.#loaded = new Map(
      rows.map((row) => [
        row.kid,
        {
          state: row.state,
          publicJwk: row.publicJwk,
          publicKey: createPublicKey({ key: { ...row.publicJwk }, format: 'jwk' }),
        },
      ]),
    );
    const current = rows.find((row) => row.state === 'CURRENT');
    if (!current) return;
    const pem = open(this.#options.keyring, SEAL_PURPOSE, current.kid, current.privateSealed).toString('utf8');
    this.#signing = { kid: current.kid, privateKey: createPrivateKey(pem) };
  }

  async #exclusively<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    const em = this.#options.fork();
    await em.begin();
    try {
      await em.execute(`select pg_advisory_xact_lock(hashtextextended('rekey:jwt-keys', 0))`);
      const result = await work(em);
      await em.commit();
      return result;
    } catch (error) {
      await em.rollback().catch(() => undefined); // The first error is the one that matters.
      throw error;
    }
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
      privateSealed: seal(this.#options.keyring, SEAL_PURPOSE, kid, pem),
      createdAt: this.#options.clock.now(),
      activatedAt: null,
      retiredAt: null,
    });
  }
}
