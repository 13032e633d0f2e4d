import type { EntityManager } from '@mikro-orm/sql';
import { sha256Base64url } from '../crypto/hash.ts';
import { makeSecret, parseSecret } from '../crypto/secret-text.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Limits } from '../limits/limits.ts';
import { ACCOUNT_TOKENS, AccountToken, type AccountTokenKind } from './account-token.entity.ts';
import { User } from './user.entity.ts';

export interface AccountTokensOptions {
  limits: Pick<Limits, 'checkRegistration'>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** The only copy of a token. */
export interface IssuedToken {
  token: string;
  expiresAt: Date;
}

/** Issues and finds the tokens with which users set passwords, of one kind. */
export class AccountTokens {
  readonly #kind: AccountTokenKind;
  readonly #options: AccountTokensOptions;

  constructor(kind: AccountTokenKind, options: AccountTokensOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** Issues the token of a user who is locked or new. It replaces an earlier one. Part of the current transaction. */
  async issue(
    em: EntityManager,
    { userId, now, workspaceIds }: { userId: string; now: Date; workspaceIds?: readonly string[] },
  ): Promise<IssuedToken> {
    const token = makeSecret(ACCOUNT_TOKENS[this.#kind].prefix);
    const of = { userId, kind: this.#kind };
    const row = (await em.findOne(AccountToken, of)) ?? AccountToken.create(of);
    row.issue({ tokenHash: sha256Base64url(token), workspaceIds }, now);
    em.persist(row);
    return { token, expiresAt: row.expiresAt };
  }

  /** Deletes the token of a user, if there is one. Part of the current transaction. */
  async withdraw(em: EntityManager, userId: string): Promise<void> {
    const row = await em.findOne(AccountToken, { userId, kind: this.#kind });
    if (row) em.remove(row);
  }

  /**
   * The user of the valid token with this text, before anything is locked; null for any other text. A text without the
   * form of a token costs no I/O.
   *
   * @throws AccessError `RATE_LIMITED`
   */
  async lookUp(unitOfWork: UnitOfWork, presented: string): Promise<User | null> {
    if (parseSecret(presented)?.prefix !== ACCOUNT_TOKENS[this.#kind].prefix) return null;
    const { em, origin } = unitOfWork;
    return unitOfWork.inTurn(async () => {
      await this.#options.limits.checkRegistration(em, origin.ipAddress);
      const token = await this.find(em, presented);
      return token && em.findOne(User, { id: token.userId });
    });
  }

  /** The valid token with this text. It is final in a transaction that has locked the user. */
  async find(em: EntityManager, presented: string): Promise<AccountToken | null> {
    const token = await em.findOne(AccountToken, { tokenHash: sha256Base64url(presented), kind: this.#kind });
    return token && !token.isExpired(this.#options.clock.now()) ? token : null;
  }
}
