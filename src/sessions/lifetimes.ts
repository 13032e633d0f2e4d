/** The highest value of `REKEY_ACCESS_TOKEN_SECONDS`, so no token was ever issued for longer. */
export const LONGEST_ACCESS_TOKEN_SECONDS = 86_400;

export const LONGEST_ACCESS_TOKEN_MS = LONGEST_ACCESS_TOKEN_SECONDS * 1000;
