import { defineEntity, p } from '@mikro-orm/core';
import type { JWK } from 'jose';
import type { SealedField } from '../database/sealed-field.ts';

/** NEXT is published but does not sign yet; CURRENT signs; RETIRED only verifies what it has signed. */
export type JwtKeyState = 'NEXT' | 'CURRENT' | 'RETIRED';

/** A key that signs access tokens. The private half is sealed under the kid. */
export class JwtKey {
  /** RFC 7638 thumbprint of the public key. */
  kid!: string;
  state!: JwtKeyState;
  publicJwk!: JWK;
  privateSealed!: string;
  createdAt!: Date;
  /** When it started to sign; null if it has not. */
  activatedAt!: Date | null;
  retiredAt!: Date | null;

  /**
   * A time in the future is from before the clock was set back, and counts as now. Otherwise the key would be
   * published, sign or stay for that much longer.
   */
  correctMoments(now: Date): void {
    if (this.createdAt > now) this.createdAt = now;
    if (this.activatedAt && this.activatedAt > now) this.activatedAt = now;
    if (this.retiredAt && this.retiredAt > now) this.retiredAt = now;
  }

  /** Makes this the key that signs. */
  activate(now: Date): void {
    this.state = 'CURRENT';
    this.activatedAt = now;
  }

  /** Makes this a key that only verifies what it has signed. */
  retire(now: Date): void {
    this.state = 'RETIRED';
    this.retiredAt = now;
  }
}

/** The private half of a key. That of a retired key is no longer opened. */
export const PRIVATE_JWT_KEY: SealedField = {
  table: 'jwt_keys',
  column: 'private_sealed',
  key: 'kid',
  former: { purpose: 'jwt-key', aad: (kid) => kid, where: `state <> 'RETIRED'` },
};

export const JwtKeySchema = defineEntity({
  class: JwtKey,
  tableName: 'jwt_keys',
  properties: {
    kid: p.string().primary(),
    state: p.string().$type<JwtKeyState>(),
    publicJwk: p.json<JWK>(),
    privateSealed: p.text(),
    createdAt: p.datetime(),
    activatedAt: p.datetime().nullable(),
    retiredAt: p.datetime().nullable(),
  },
});
