import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sql';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { SealError } from '../crypto/seal.ts';
import type { SealedField } from '../database/sealed-field.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';

/** The private half of a key. */
export const AUDIT_KEY: SealedField = { table: 'audit_keys', column: 'private_sealed', key: 'kid' };

interface KeyRow {
  kid: string;
  publicJwk: string;
  privateSealed: string;
}

/** A key that signs checkpoints. */
export interface AuditKey {
  /** RFC 7638 thumbprint of the public key. */
  kid: string;
  publicJwk: JWK;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/**
 * The Ed25519 keys that sign checkpoints and retention summaries. They sign nothing else. The private half is sealed
 * with the data key of the accounts. A row whose private half does not open is not used.
 */
export class AuditKeys {
  readonly #sealer: Sealer;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  /** All keys whose private half this service can open, the oldest first. */
  async all(em: EntityManager): Promise<AuditKey[]> {
    const rows = await em.execute<KeyRow[]>(
      `select kid, public_jwk::text as "publicJwk", private_sealed as "privateSealed" from audit_keys
        order by created_at, kid`,
    );
    const opened = await Promise.all(rows.map((row) => this.#open(row, sqlIn(em))));
    return opened.filter((key) => key !== null);
  }

  /** The newest key. The first call creates it. The caller must hold the lock `auditChain`. */
  async signing(em: EntityManager, now: Date): Promise<AuditKey> {
    return (await this.all(em)).at(-1) ?? this.#create(em, now);
  }

  async #open({ kid, publicJwk, privateSealed: sealed }: KeyRow, sql: Sql): Promise<AuditKey | null> {
    try {
      const pem = await this.#sealer.open(AUDIT_KEY, { id: kid }, { sealed, sql });
      const privateKey = createPrivateKey(pem);
      // The public key comes from the private half, because the stored public half is not authenticated.
      return { kid, publicJwk: JSON.parse(publicJwk) as JWK, privateKey, publicKey: createPublicKey(privateKey) };
    } catch (error) {
      if (error instanceof SealError && error.code !== 'UNKNOWN_KEY') return null;
      throw error;
    }
  }

  async #create(em: EntityManager, now: Date): Promise<AuditKey> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const jwk = publicKey.export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    const publicJwk = { ...jwk, kid, use: 'sig', alg: 'EdDSA' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const sealed = await this.#sealer.seal(AUDIT_KEY, { id: kid }, { plaintext: pem, sql: sqlIn(em) });
    await em.execute(
      'insert into audit_keys (kid, public_jwk, private_sealed, created_at) values (?, ?::text::jsonb, ?, ?)',
      [kid, JSON.stringify(publicJwk), sealed, now],
    );
    return { kid, publicJwk, privateKey, publicKey };
  }
}

/** Signs the canonical JSON (RFC 8785) of a statement: Ed25519 (RFC 8032), base64url. */
export function signStatement(statement: CanonicalValue, { privateKey }: Pick<AuditKey, 'privateKey'>): string {
  return sign(null, Buffer.from(canonicalJson(statement)), privateKey).toString('base64url');
}

/** Whether this key has signed this statement. */
export function isSignedBy(statement: CanonicalValue, signature: string, { publicKey }: Pick<AuditKey, 'publicKey'>) {
  return verify(null, Buffer.from(canonicalJson(statement)), publicKey, Buffer.from(signature, 'base64url'));
}
