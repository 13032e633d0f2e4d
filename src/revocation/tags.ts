// What the invalidation log calls the subjects of its entries. Triggers of the database write these names, cached
// credentials carry them, and revocations wait for them: one that is spelled otherwise is never heard of again.

export const userTag = (userId: string) => `user:${userId}`;
export const workspaceTag = (workspaceId: string) => `workspace:${workspaceId}`;
export const apiKeyTag = (apiKeyId: string) => `key:${apiKeyId}`;
export const sessionTag = (sessionId: string) => `session:${sessionId}`;
/** One access token. */
export const jtiTag = (jti: string) => `jti:${jti}`;
/** Everything that one key has signed. */
export const jwtKeyTag = (kid: string) => `jwt-key:${kid}`;
