import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Audit, RecordedEvent } from '../audit/audit.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { JwtKey, PRIVATE_JWT_KEY } from './jwt-key.entity.ts';
import { LONGEST_ACCESS_TOKEN_MS } from './lifetimes.ts';
import type { sessionEvents } from './session.events.ts';

/** Milliseconds between two loads: a flood of unknown key ids must not cause a flood of reads. */
const LOAD_EVERY_MS = 100;

const LOAD: Statement = {
  name: 'jwt-keys-load',
  text: `select kid, state, public_jwk as "publicJwk", private_sealed as "privateSealed" from jwt_keys`,
};
type LoadRow = Pick<JwtKey, 'kid' | 'state' | 'publicJwk' | 'privateSealed'>;

/** Twice as long as others may cache the list of keys (see `http/jwks.ts`). */
const PUBLISHED_BEFORE_USE_MS = 600_000;
const SIGNS_FOR_MS = 30 * 86_400_000;
/** An hour more, for replicas that have not loaded the keys yet. */
const RETIRED_FOR_MS = LONGEST_ACCESS_TOKEN_MS + 3_600_000;

interface LoadedKey {
  publicKey: KeyObject;
  publicJwk: JWK;
}

/** The key that signs. */
interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

export interface JwtKeysOptions {
  sql: Sql;
  fork: () => EntityManager;
  sealer: Sealer;
  audit: Audit<typeof sessionEvents>;
  /** Database time, and the monotonic clock of this process for pauses. */
  clock: Clock;
}

/** The keys that sign access tokens: Ed25519, shared by all replicas through the database, sealed at rest. */
export class JwtKeys {
  readonly #options: JwtKeysOptions;
  #loaded = new Map<string, LoadedKey>();
  #signing: SigningKey | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loads = 0;
  #latestLoad = 0;
  #nextLoad: Promise<void> | null = null;

  constructor(options: JwtKeysOptions) {
    this.#options = options;
  }

  /**
   * Loads the current keys. If no key signs, because there is none yet or the signing key was deleted, the next key
   * signs from now on. Several replicas may call this at once: one does it.
   */
  async load(): Promise<void> {
    await this.#load();
    if (this.#signing) return;
    await this.#exclusively((em) => this.#replaceMissing(em, 'repair'));
    await this.#load();
  }

  /**
   * The next key signs from now on, the current one retires, and a new next key is published. Offline verifiers have
   * had the next key for longer than they may cache the list, so no token is rejected.
   *
   * @param how for the audit log: by a command of the operator, or because the current key has signed for long enough
   * @returns when a rotation will be possible, if the next key was published too recently; null after a rotation
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
      await em.flush(); // The schema allows only one current key.
      next.activate(now);
      const following = await this.#generate(em);
      em.persist(following);
      const data = { retiredKid: current.kid, nextKid: following.kid, how };
      this.#record(em, { type: 'jwt-key.rotated', subjectId: next.kid, data });
      return null;
    });
    await this.#load();
    return possible;
  }

  /**
   * Revokes a leaked key: everything that it signed is rejected from the commit on, and another key signs. The other
   * key need not be published first, because nothing is left that others could verify.
   *
   * @returns the time of the revocation; null if there was no such key
   */
  async revoke(kid: string): Promise<Date | null> {
    const revokedAt = await this.#exclusively(async (em) => {
      const key = await em.findOne(JwtKey, { kid });
      if (!key) return null;
      em.remove(key);
      this.#record(em, { type: 'jwt-key.revoked', subjectId: kid, data: { state: key.state, how: 'command' } });
      await em.flush(); // The schema allows only one current key.
      await this.#replaceMissing(em, key.state === 'CURRENT' ? 'command' : 'repair');
      return this.#options.clock.now();
    });
    await this.#load();
    return revokedAt;
  }

  /** All keys, oldest first. */
  list(): Promise<JwtKey[]> {
    return this.#options.fork().find(JwtKey, {}, { orderBy: { createdAt: 'asc', kid: 'asc' } });
  }

  /** Rotates a key that has signed for long enough, deletes keys whose last token has expired, and loads the others. */
  async purge(): Promise<void> {
    const at = this.#options.clock.now();
    const now = at.getTime();
    await this.#exclusively(async (em) => {
      await correctMoments(em, at);
      const expired = await em.find(JwtKey, { state: 'RETIRED', retiredAt: { $lt: new Date(now - RETIRED_FOR_MS) } });
      em.remove(expired);
      for (const { kid } of expired) {
        this.#record(em, { type: 'jwt-key.removed', subjectId: kid, data: { how: 'schedule' } });
      }
    });
    await this.load();
    const current = await this.#options.fork().findOne(JwtKey, { state: 'CURRENT' });
    if (current?.activatedAt && now - current.activatedAt.getTime() > SIGNS_FOR_MS) await this.rotate('schedule');
  }

  /** The key that signs now. */
  get signing(): SigningKey {
    if (!this.#signing) throw unavailable(new Error('There is no current JWT key.'));
    return this.#signing;
  }

  /**
   * The public key with this id, in any state; null if there is none. Another replica may have created it a moment ago,
   * so only a database read that starts after this call can show that there is none.
   */
  async verifying(kid: string): Promise<KeyObject | null> {
    if (!this.#loaded.has(kid)) await this.#loadNext();
    return this.#loaded.get(kid)?.publicKey ?? null;
  }

  /** RFC 7517: the public keys of all keys that may have signed a token that is still valid, and of the next key. */
  get jwks(): { keys: JWK[] } {
    return { keys: [...this.#loaded.values()].map((key) => key.publicJwk) };
  }

  /** The next load of the public keys, which starts after this call. All calls until then share it. */
  #loadNext(): Promise<void> {
    this.#nextLoad ??= sleep(Math.max(0, this.#loadedAt + LOAD_EVERY_MS - this.#options.clock.monotonic())).then(
      async () => {
        this.#nextLoad = null;
        await this.#read();
      },
    );
    return this.#nextLoad;
  }

  /** @throws SealError if the private half of the current key does not open: no key signs then */
  async #load(): Promise<void> {
    const opened = await this.#read();
    if (opened.status === 'rejected') throw opened.reason;
  }

  /** Reads all keys, and opens the one that signs. The public keys do not depend on the opening. */
  async #read(): Promise<PromiseSettledResult<SigningKey | null>> {
    this.#loadedAt = this.#options.clock.monotonic();
    const load = ++this.#loads;
    const rows = await this.#options.sql.query<LoadRow>(LOAD);
    const current = rows.find((row) => row.state === 'CURRENT');
    const [opened] = await Promise.allSettled([current ? this.#open(current) : null]);
    if (load < this.#latestLoad) return opened; // A load that began later was faster.
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
    this.#signing = opened.status === 'fulfilled' ? opened.value : null;
    return opened;
  }

  async #open({ kid, privateSealed: sealed }: LoadRow): Promise<SigningKey> {
    const { sealer, sql } = this.#options;
    const pem = await sealer.open(PRIVATE_JWT_KEY, { id: kid }, { sealed, sql });
    return { kid, privateKey: createPrivateKey(pem) };
  }

  /** If no key signs, the next key does from now on. */
  async #replaceMissing(em: EntityManager, how: 'command' | 'repair'): Promise<null> {
    if ((await em.count(JwtKey, { state: 'CURRENT' })) > 0) return null;
    const next = await this.#nextKey(em);
    next.activate(this.#options.clock.now());
    const following = await this.#generate(em);
    em.persist(following);
    this.#record(em, { type: 'jwt-key.activated', subjectId: next.kid, data: { nextKid: following.kid, how } });
    return null;
  }

  /** The key that signs next. If it was deleted, it is generated again. */
  async #nextKey(em: EntityManager): Promise<JwtKey> {
    const next = (await em.findOne(JwtKey, { state: 'NEXT' })) ?? (await this.#generate(em));
    em.persist(next);
    return next;
  }

  /** Records the event in the transaction of the change. No user and no request causes the changes of these keys. */
  #record(em: EntityManager, event: RecordedEvent<typeof sessionEvents>): void {
    this.#options.audit.record({ em, principal: null, origin: null }, event);
  }

  #exclusively<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    const locked = async (em: EntityManager) => {
      await lockText(em, 'rekey:jwt-keys');
      return work(em);
    };
    // The transaction must see what the previous holder of the lock has committed.
    return this.#options.fork().transactional(locked, { isolationLevel: IsolationLevel.READ_COMMITTED });
  }

  async #generate(em: EntityManager): Promise<JwtKey> {
    const { sealer } = this.#options;
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return Object.assign(new JwtKey(), {
      kid,
      state: 'NEXT',
      publicJwk: { ...jwk, kid, use: 'sig', alg: 'EdDSA' },
      privateSealed: await sealer.seal(PRIVATE_JWT_KEY, { id: kid }, { plaintext: pem, sql: sqlIn(em) }),
      createdAt: this.#options.clock.now(),
      activatedAt: null,
      retiredAt: null,
    });
  }
}

async function correctMoments(em: EntityManager, now: Date): Promise<void> {
  for (const key of await em.find(JwtKey, {})) key.correctMoments(now);
}
