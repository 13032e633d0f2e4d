import type { EntityManager } from '@mikro-orm/sql';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';

/** Revokes credentials of one kind for a client that presents the secret (RFC 7009). The secret is the authorization. */
export interface RevokedByPossession {
  /** Whether a text has the form of a secret of this kind. Without I/O. */
  isWellFormed(text: string): boolean;
  /** Whether a well-formed text is a secret of this kind, valid or not. It changes nothing. */
  isKnown(em: EntityManager, text: string): Promise<boolean>;
  /**
   * Ends what the text stands for. A repeated call changes nothing, and still waits until no replica accepts the text.
   *
   * @returns null if it had expired before
   * @throws AccessError `OUTCOME_UNKNOWN`, and what a turn throws
   */
  revoke(unitOfWork: UnitOfWork, text: string): Promise<Receipt | null>;
}
