import { createHmac } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sql';
import { sha256Base64url } from '../crypto/hash.ts';
import type { Keyring, MasterKey } from '../crypto/keyring.ts';
import { deriveSecret } from '../crypto/secret-text.ts';
import { lockText } from '../database/advisory-lock.ts';
import type { Sql, Statement } from '../database/sql.ts';
import type { Principal } from '../identity/principal.ts';
import type { RandomBytes } from '../kernel/random.ts';
import { ApiKey } from './api-key.entity.ts';
import type { NewApiKeyInput } from './api-key.input.ts';
import { ApiKeyCreation } from './api-key-creation.entity.ts';

const REMEMBERED_SECONDS = 86_400;
const SALT_BYTES = 16;

const PURGE_BATCH = 2000;

const PURGE: Statement = {
  name: 'api-key-creations-purge',
  text: `with gone as (delete from api_key_creations where (credential_id, key_digest) in (
      select credential_id, key_digest from api_key_creations
        where created_at < clock_timestamp() - make_interval(secs => ${REMEMBERED_SECONDS}) order by created_at limit $1::int)
      returning 1)
    select count(*)::int as purged from gone`,
};

/** A call that is made with an idempotency key. */
export interface IdempotentCall {
  caller: Principal;
  input: NewApiKeyInput;
  idempotencyKey: string;
  now: Date;
}

/** The answer to a call that was made before. */
export type Repeated = { kind: 'created'; apiKey: ApiKey; secret: string } | { kind: 'idempotencyKeyReused' };

/**
 * Answers a call of `createApiKey` that is repeated with the same idempotency key, without storing the secret: it is
 * derived from a master key, the id of the row, and a random salt that is deleted after 24 hours.
 */
export class IdempotentCreations {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor({ keyring, random }: { keyring: Keyring; random: RandomBytes }) {
    this.#keyring = keyring;
    this.#random = random;
  }

  /**
   * The answer to an earlier call with this key; null if there was none that succeeded within 24 hours. A call at the
   * same time waits until this transaction ends.
   */
  async repeat(em: EntityManager, call: IdempotentCall): Promise<Repeated | null> {
    const place = placeOf(call);
    await lockText(em, `api-key-creation:${place.credentialId}:${place.keyDigest}`);
    const creation = await em.findOne(ApiKeyCreation, place);
    if (!creation || isForgotten(creation, call.now)) return null;
    const masterKey = this.#keyring.byVersion(creation.masterKey);
    const apiKey = await em.findOne(ApiKey, { id: creation.apiKeyId });
    if (!masterKey || !apiKey || digestOf(call.input, masterKey) !== creation.inputDigest)
      return { kind: 'idempotencyKeyReused' };
    const secret = secretOf(masterKey, creation);
    // After a rotation, this secret is not the one of the key any more.
    if (sha256Base64url(secret) !== apiKey.secretHash) return { kind: 'idempotencyKeyReused' };
    return { kind: 'created', apiKey, secret };
  }

  /** Remembers that a call creates the key with this id, and returns the secret for it. */
  async remember(em: EntityManager, call: IdempotentCall, apiKeyId: string): Promise<string> {
    const place = placeOf(call);
    const masterKey = this.#keyring.current;
    const creation = (await em.findOne(ApiKeyCreation, place)) ?? Object.assign(new ApiKeyCreation(), place);
    Object.assign(creation, {
      apiKeyId,
      masterKey: masterKey.version,
      salt: this.#random(SALT_BYTES).toString('base64url'),
      inputDigest: digestOf(call.input, masterKey),
      createdAt: call.now,
    });
    em.persist(creation);
    return secretOf(masterKey, creation);
  }
}

/** Deletes what is older than 24 hours, in batches. */
export async function purgeCreations(sql: Sql): Promise<void> {
  for (let purged = PURGE_BATCH; purged === PURGE_BATCH; ) {
    const [row] = await sql.query<{ purged: number }>(PURGE, [PURGE_BATCH]);
    purged = row?.purged ?? 0;
  }
}

function placeOf({ caller, idempotencyKey }: IdempotentCall): Pick<ApiKeyCreation, 'credentialId' | 'keyDigest'> {
  return { credentialId: caller.credentialId, keyDigest: sha256Base64url(idempotencyKey) };
}

function isForgotten({ createdAt }: ApiKeyCreation, now: Date): boolean {
  return createdAt.getTime() + REMEMBERED_SECONDS * 1000 <= now.getTime();
}

function secretOf(masterKey: MasterKey, { apiKeyId, salt }: Pick<ApiKeyCreation, 'apiKeyId' | 'salt'>): string {
  return deriveSecret('rka', masterKey.derive('api-key-creation/secret'), `${apiKeyId}|${salt}`);
}

/** Keyed, because metadata and names may be easy to guess. */
function digestOf({ idempotencyKey: _, ...input }: NewApiKeyInput, masterKey: MasterKey): string {
  const fields = Object.entries(input).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHmac('sha256', masterKey.derive('api-key-creation/input'))
    .update(JSON.stringify(fields))
    .digest('base64url');
}
