import { GraphQLError } from 'graphql';

/**
 * Refuses arguments in which a text holds U+0000. PostgreSQL's text has no place for it, so it is in no id and no name,
 * and a query that asks for it fails in the driver.
 *
 * @throws GraphQLError `BAD_USER_INPUT`
 */
export function refuseNul(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0')) {
    throw new GraphQLError('A text must not hold the character U+0000.', { extensions: { code: 'BAD_USER_INPUT' } });
  }
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) refuseNul(part);
}
