/** The setup token of every test app, which creates the first administrator. */
export const SETUP_TOKEN = 'setup_token_of_the_tests_0123456789';
/** A random master key for the tests. */
export const MASTER_KEY = 'q1jw0Zk0m7p8cBv5YtE2rXhN4sLd9GfUaQoWiRxTzKM=';
/** A text that has the form of a sealed value, for rows whose values are never opened. */
export const SEALED = `s2.1.${'A'.repeat(38)}`;
export const PASSWORD = 'tidal lantern quarrel oboe';
/** argon2id of PASSWORD at the lowest cost, so that logins of seeded accounts are fast. */
export const PASSWORD_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$5TdRbmSYzX7O7aRFixSx0w$BoGYuP+s+5Ny4rpPDG2X7qPGn4PfNnQH8zIhJYZB+X8';
