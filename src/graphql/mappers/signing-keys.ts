import type { SigningKey } from '../../signing-keys/signing-key.entity.ts';

export type SigningKeyMapper = SigningKey;
