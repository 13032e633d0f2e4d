/** The most that `REKEY_ACCESS_TOKEN_SECONDS` can be, and so can have been when a token was issued. */
export const LONGEST_ACCESS_TOKEN_SECONDS = 86_400;

export const LONGEST_ACCESS_TOKEN_MS = LONGEST_ACCESS_TOKEN_SECONDS * 1000;
