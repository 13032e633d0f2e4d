import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RevokedByPossession } from '../credentials/possession.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import { databaseDidNotAnswer } from '../database/sql-errors.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Limits } from '../limits/limits.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';
import { readBody } from './read-body.ts';
import { receiptHeader } from './receipt-header.ts';
import { respondAccessError, respondJson } from './respond.ts';
import { LARGEST_FORM, readForm, respondProblem, tokenOf } from './token-form.ts';

export interface RevokeOptions {
  /** Each kind of secret that can be revoked. */
  kinds: readonly RevokedByPossession[];
  /** Work without a caller, in its turn among the revocations of the client's network. */
  workFor: (request: IncomingMessage) => UnitOfWork;
  failures: Limits['failures'];
  /** An unknown secret was presented, for the audit log. Must not throw and must not block. */
  rejected: (token: string, address: string | null) => void;
}

/**
 * Token revocation, RFC 7009: `token` in a form, by POST. The client needs no other credential: the secret authorizes its
 * own revocation. `token_type_hint` is not needed.
 *
 * 200 with the header `X-Rekey-Receipt` proves that no replica accepts the token any more. An unknown or expired token gets
 * 200 without the header (§2.2). An unknown one counts as a failed authentication of the address.
 */
export function createRevoke({ kinds, workFor, failures, rejected }: RevokeOptions) {
  const revoke = async (
    request: IncomingMessage,
    kind: RevokedByPossession,
    token: string,
  ): Promise<Receipt | null> => {
    const work = workFor(request);
    const { ipAddress } = work.origin;
    const isKnown = await failures.lookUp(ipAddress, () => work.inTurn(() => kind.isKnown(work.em, token)));
    if (isKnown) return kind.revoke(work, token);
    rejected(token, ipAddress);
    failures.check(ipAddress);
    failures.count(ipAddress);
    return null;
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = await readForm(request, () => readBody(request, LARGEST_FORM));
    const token = form instanceof URLSearchParams ? tokenOf(form) : form;
    if (typeof token !== 'string') return respondProblem(response, token);
    const kind = kinds.find((each) => each.isWellFormed(token));
    if (!kind && parseSecret(token)) {
      const error_description =
        'Tokens of invitations and of password resets are replaced by a new one, and not revoked.';
      return respondJson(response, 400, { error: 'unsupported_token_type', error_description });
    }
    try {
      const receipt = kind ? await revoke(request, kind, token) : null;
      respondJson(response, 200, {}, receipt ? receiptHeader(receipt) : {});
    } catch (error) {
      respondAccessError(response, databaseDidNotAnswer(error) ? unavailable(error) : error);
    }
  };
}
