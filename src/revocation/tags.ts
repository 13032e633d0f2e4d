// The names of subjects in the invalidation log. Triggers of the database write them, cache entries carry them, and
// revocations wait for them. A name with another spelling would never match.

export const userTag = (userId: string) => `user:${userId}`;
export const workspaceTag = (workspaceId: string) => `workspace:${workspaceId}`;
/** The membership of a user in a workspace. */
export const memberTag = (workspaceId: string, userId: string) => `member:${workspaceId}:${userId}`;
export const apiKeyTag = (apiKeyId: string) => `key:${apiKeyId}`;
export const sessionTag = (sessionId: string) => `session:${sessionId}`;
/** One access token. */
export const jtiTag = (jti: string) => `jti:${jti}`;
/** Everything that one key has signed. */
export const jwtKeyTag = (kid: string) => `jwt-key:${kid}`;
/** API keys were imported. What was unknown before may be known now. */
export const IMPORTED_KEYS_TAG = 'imported-keys';
