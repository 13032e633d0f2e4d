import type { ApiKey } from '../../api-keys/api-key.entity.ts';

export type ApiKeyMapper = ApiKey;
