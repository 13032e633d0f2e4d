import { governed, policyEndsAt, policyRevokedAt } from '../credential-policies/credential-policy.sql.ts';
import { lastUseOf } from '../credentials/last-used.sql.ts';
import type { ApiKeyOwner } from './api-key.input.ts';

export interface ApiKeyFilter {
  userId?: string | null;
  workspaceId?: string | null;
  status?: 'ACTIVE' | 'EXPIRED' | 'REVOKED' | null;
  search?: string | null;
  neverExpires?: boolean | null;
  expiresBefore?: Date | null;
  unusedSince?: Date | null;
  neverUsed?: boolean | null;
  owner?: ApiKeyOwner | null;
}

const KEY = governed('k');
const POLICY_END = policyEndsAt(KEY);
const REVOKED_BY_POLICY = `coalesce(${policyRevokedAt(KEY)} <= ${POLICY_END}
  and (k.expires_at is null or k.expires_at > ${POLICY_END}), false)`;
/** The expression of the index `api_keys_search`. */
const TEXT = `lower(k.name || chr(10) || coalesce(k.description, '') || chr(10) || k.hint)`;

/** When a key ends that is not revoked, and whether a policy has revoked it. Without any policy, indexes know both. */
interface Ends {
  /** Null if it never ends. `least` ignores null. */
  end: string;
  isRevokedByPolicy: string;
}
const WITH_POLICIES: Ends = { end: `least(k.expires_at, ${POLICY_END})`, isRevokedByPolicy: REVOKED_BY_POLICY };
const WITHOUT_POLICIES: Ends = { end: 'k.expires_at', isRevokedByPolicy: 'false' };

function statusCondition(status: 'ACTIVE' | 'EXPIRED' | 'REVOKED', { end, isRevokedByPolicy }: Ends): string {
  const hasEnded = `coalesce(${end} <= clock_timestamp(), false)`;
  switch (status) {
    case 'REVOKED':
      return `(k.revoked_at is not null or ${isRevokedByPolicy})`;
    case 'EXPIRED':
      return `k.revoked_at is null and ${hasEnded} and not ${isRevokedByPolicy}`;
    case 'ACTIVE':
      return `k.revoked_at is null and not ${hasEnded}`;
  }
}

/** Whether the conditions of this filter depend on when keys end, and so on the policies. */
export function dependsOnPolicies({ status, neverExpires, expiresBefore }: ApiKeyFilter): boolean {
  return status != null || neverExpires != null || expiresBefore != null;
}

/**
 * Conditions on `api_keys k`, each after `and`, with the values of their parameters.
 *
 * @param arePolicies whether there is a policy with a bound, or was one
 */
export function conditionsOf(filter: ApiKeyFilter, arePolicies: boolean): { text: string; values: unknown[] } {
  const ends = arePolicies ? WITH_POLICIES : WITHOUT_POLICIES;
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (condition: string, ...more: unknown[]) => {
    conditions.push(`and ${condition}`);
    values.push(...more);
  };
  const { userId, workspaceId, status, search, neverExpires, expiresBefore, unusedSince, neverUsed, owner } = filter;
  if (userId != null) add('k.user_id = ?', userId);
  if (workspaceId != null) add('k.workspace_id = ?', workspaceId);
  if (owner != null) add(`k.user_id is ${owner === 'USER' ? 'not ' : ''}null`);
  if (status != null) add(statusCondition(status, ends));
  if (neverExpires != null) add(`${ends.end} is ${neverExpires ? '' : 'not '}null`);
  if (expiresBefore != null) add(`${ends.end} < ?`, expiresBefore);
  if (neverUsed != null) add(`${lastUseOf('k.id')} is ${neverUsed ? '' : 'not '}null`);
  if (unusedSince != null) add(`coalesce(${lastUseOf('k.id')} < ?, true)`, unusedSince);
  if (search != null && search !== '') {
    for (const [condition, value] of searchFor(search)) add(condition, value);
  }
  return { text: conditions.join(' '), values };
}

/**
 * Conditions for "this text occurs, in any case". The database may only know the case of ASCII letters. So any character
 * in place of each other letter is looked for first, and then one of its two cases.
 */
function* searchFor(search: string): Generator<[condition: string, value: string]> {
  const characters = [...search.toLowerCase()].map((character) => ({ character, cases: casesOf(character) }));
  const like = characters.map(({ character, cases }) => (cases ? '_' : character.replace(/[\\%_]/, '\\$&')));
  yield [`${TEXT} like ?`, `%${like.join('')}%`];
  if (characters.every(({ cases }) => cases === null)) return;
  const pattern = characters.map(({ character, cases }) => cases ?? character.replace(/[^\p{L}\p{N}\p{M}]/u, '\\$&'));
  yield [`${TEXT} ~ ?`, pattern.join('')];
}

/** Both cases of a letter beyond ASCII, as a class of a regular expression; null for any other character. */
function casesOf(character: string): string | null {
  const upper = character.toUpperCase();
  const isLetter = character.codePointAt(0)! > 0x7f && upper !== character && [...upper].length === 1;
  return isLetter ? `[${character}${upper}]` : null;
}
