import { governed, type SpanColumns } from '../credential-policies/credential-policy.sql.ts';
import {
  type Alternative,
  type KnownPolicies,
  mayHaveEnded,
  policyEndsAmong,
} from '../credential-policies/known-policies.sql.ts';
import { isUnusedSince, usageAs, wasUsed } from '../credentials/last-used.sql.ts';
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
/** The moment at which the statement began: unlike `clock_timestamp`, an index can be asked for it. */
const NOW = 'statement_timestamp()';
const USAGE = `left join ${usageAs('k_usage')} on k_usage.credential_id = k.id`;
/** The expression of the index `api_keys_search`. */
const TEXT = `lower(k.name || chr(10) || coalesce(k.description, '') || chr(10) || k.hint)`;

/** When a key ends that is not revoked, and whether a policy has revoked it. */
interface Ends {
  joins: string;
  /** Null if it never ends. `least` ignores null. */
  end: string;
  isRevokedByPolicy: string;
}

function endsUnder(known: KnownPolicies | null): Ends {
  if (known === null) return { joins: '', end: 'k.expires_at', isRevokedByPolicy: 'false' };
  const { joins, end, revoked } = policyEndsAmong(known, KEY, 'k_usage.last_used_at');
  return {
    joins: `${USAGE} ${joins}`,
    end: `least(k.expires_at, ${end})`,
    isRevokedByPolicy: `coalesce(${revoked} <= ${end} and (k.expires_at is null or k.expires_at > ${end}), false)`,
  };
}

function statusCondition(status: 'ACTIVE' | 'EXPIRED' | 'REVOKED', { end, isRevokedByPolicy }: Ends): string {
  switch (status) {
    case 'REVOKED':
      return `(k.revoked_at is not null or ${isRevokedByPolicy})`;
    case 'EXPIRED':
      return `k.revoked_at is null and ${end} <= ${NOW} and not ${isRevokedByPolicy}`;
    case 'ACTIVE':
      return `k.revoked_at is null and (${end} is null or ${end} > ${NOW})`;
  }
}

/** Whether the conditions of this filter depend on when keys end, and so on the policies. */
export function dependsOnPolicies({ status, neverExpires, expiresBefore }: ApiKeyFilter): boolean {
  return status != null || neverExpires != null || expiresBefore != null;
}

/** Conditions on `api_keys k`. */
export interface Conditions {
  /** Joins of the statement. */
  joins: string;
  /** Each after `and`. */
  text: string;
  /** The values of the parameters of the text. */
  values: unknown[];
  /** Each key that fulfils the conditions fulfils one of these, too, and indexes find what fulfils one of them. */
  alternatives: readonly Alternative[];
}

/**
 * @param known the policies, if there is one and the conditions depend on them
 * @param after only keys that are older than this one
 */
export function conditionsOf(filter: ApiKeyFilter, known: KnownPolicies | null, after: string | null): Conditions {
  const ends = endsUnder(known);
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
  if (neverExpires != null) {
    // A bound in force for all keys ends each of them.
    const allEnd = known?.installation.some(({ validUntil }) => validUntil === 'infinity') ?? false;
    add(allEnd ? String(!neverExpires) : `${ends.end} is ${neverExpires ? '' : 'not '}null`);
    if (neverExpires) add('k.expires_at is null');
  }
  if (expiresBefore != null) add(`${ends.end} < ${constant(expiresBefore)}`);
  const older = after === null ? {} : { before: '?' };
  const cursor = after === null ? [] : [after];
  if (after !== null) add('k.id < ?', after);
  if (neverUsed != null) add(wasUsed('k.id', !neverUsed, older), ...cursor);
  if (unusedSince != null) add(isUnusedSince('k.id', constant(unusedSince), older), ...cursor);
  if (search != null && search !== '') {
    for (const [condition, value] of searchFor(search)) add(condition, value);
  }
  const alternatives = alternativesOf(filter, known);
  return { joins: ends.joins, text: conditions.join(' '), values, alternatives };
}

/** A key that has ended was ended by its own expiry, by itself, by a policy of its workspace, or by one of all keys. */
function alternativesOf({ status, expiresBefore }: ApiKeyFilter, known: KnownPolicies | null): Alternative[] {
  const ended = (itself: string, by: (span: SpanColumns) => string) => [
    { where: itself, inEach: once },
    ...(known === null ? [] : mayHaveEnded(known, KEY, by)),
  ];
  if (expiresBefore != null) {
    const moment = constant(expiresBefore);
    return ended(`k.expires_at < ${moment}`, () => moment);
  }
  if (status === 'EXPIRED') return ended(`k.expires_at <= ${NOW}`, () => NOW);
  if (status === 'REVOKED') return ended('k.revoked_at is not null', ({ validFrom }) => validFrom);
  return [{ where: 'true', inEach: once }];
}

const once = (selection: string) => selection;
const constant = (moment: Date) => `'${moment.toISOString()}'::timestamptz`;

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
