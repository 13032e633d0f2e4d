import { timingSafeEqual } from 'node:crypto';
import { sha256 } from './hash.ts';

/**
 * Whether two values have the same bytes, in constant time. Text is compared as UTF-8.
 *
 * The hashes of both values are compared, which always have 32 bytes. So values of different length take the same time,
 * and a nearly correct guess looks like any other.
 */
export function constantTimeEqual(a: Buffer | string, b: Buffer | string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
