import { defineEntity, p } from '@mikro-orm/core';

/** One call of `createApiKey` with an idempotency key: what is needed to answer it once more. */
export class ApiKeyCreation {
  credentialId!: string;
  /** SHA-256 of the idempotency key, base64url. */
  keyDigest!: string;
  apiKeyId!: string;
  /** The version of the master key that the secret is derived from. */
  masterKey!: string;
  /** Random, base64url. */
  salt!: string;
  inputDigest!: string;
  createdAt!: Date;
}

export const ApiKeyCreationSchema = defineEntity({
  class: ApiKeyCreation,
  tableName: 'api_key_creations',
  properties: {
    credentialId: p.string().primary(),
    keyDigest: p.string().primary(),
    apiKeyId: p.string(),
    masterKey: p.string(),
    salt: p.string(),
    inputDigest: p.string(),
    createdAt: p.datetime(),
  },
});
