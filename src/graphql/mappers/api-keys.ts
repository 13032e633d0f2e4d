import type { ApiKey } from '../../api-keys/api-key.entity.ts';
import type { Page } from '../connection.ts';

export type ApiKeyMapper = ApiKey;
/** `count` reads how many keys all pages have together. */
export type ApiKeyConnectionMapper = Page<ApiKey> & { count: () => Promise<number> };
