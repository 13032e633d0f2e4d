/** Given to every test app, so that its first administrator can be made. */
export const SETUP_TOKEN = 'setup_token_of_the_tests_0123456789';
/** A random key of the tests' own. */
export const MASTER_KEY = 'q1jw0Zk0m7p8cBv5YtE2rXhN4sLd9GfUaQoWiRxTzKM=';
export const PASSWORD = 'tidal lantern quarrel oboe';
/** argon2id of PASSWORD at the lowest cost: a login of a seeded account takes no time worth mentioning. */
export const PASSWORD_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$5TdRbmSYzX7O7aRFixSx0w$BoGYuP+s+5Ny4rpPDG2X7qPGn4PfNnQH8zIhJYZB+X8';
