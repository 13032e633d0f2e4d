import { defineEntity, p } from '@mikro-orm/core';

/** One token in a session's chain of single-use refresh tokens. Used tokens are kept to detect their reuse. */
export class RefreshToken {
  id!: string;
  sessionId!: string;
  /** SHA-256 of the token, base64url. */
  tokenHash!: string;
  /** The token this one was exchanged for; null for the first of its session. */
  parentId!: string | null;
  createdAt!: Date;
  usedAt!: Date | null;

  static create(fields: Pick<RefreshToken, 'id' | 'sessionId' | 'tokenHash' | 'parentId' | 'createdAt'>): RefreshToken {
    return Object.assign(new RefreshToken(), { ...fields, usedAt: null });
  }
}

export const RefreshTokenSchema = defineEntity({
  class: RefreshToken,
  tableName: 'refresh_tokens',
  properties: {
    id: p.string().primary(),
    sessionId: p.string(),
    tokenHash: p.string(),
    parentId: p.string().nullable(),
    createdAt: p.datetime(),
    usedAt: p.datetime().nullable(),
  },
});
