import { areWithin } from '../credentials/allowed-addresses.ts';
import { checkExpiry, type PolicyBounds } from '../identity/credential-policy.ts';
import { checkFormOfPermissions, checkGrantable, latestEnd } from '../identity/grant.ts';
import { effectivePermissions, type PermissionBound } from '../identity/permission.ts';
import { type Principal, permissionsNotHeld } from '../identity/principal.ts';
import { checkRateLimit, isAsSlow } from '../identity/rate-limit.ts';
import { type Scope, scopesOfRole } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { ApiKey, ApiKeySettings } from './api-key.entity.ts';
import {
  checkAddresses,
  checkDescription,
  checkScopes,
  LONGEST_NAME,
  NOT_WITHIN,
  type SentSettings,
} from './api-key.input.ts';
import { checkMetadata } from './metadata.ts';

/** What a caller changes of a key. What is undefined stays as it is. */
export type ApiKeyChanges = { [Name in keyof SentSettings]?: SentSettings[Name] | null | undefined };

/** What the checks of a change depend on. */
export interface ChangeContext {
  apiKey: ApiKey;
  /** What the user of the key allows it to hold; null if it belongs to a workspace. */
  user: PermissionBound | null;
  caller: Principal;
  bounds: PolicyBounds;
  now: Date;
}

/** What a caller changes of a key, checked; metadata is not sealed yet. */
export type CheckedChanges = Partial<SentSettings>;

/**
 * The new settings, or all problems of the input. What a setting adds must be within what the caller holds, and a key
 * adds nothing to itself. Scopes that the caller lacks are not checked here.
 */
export function checkChanges(changes: ApiKeyChanges, context: ChangeContext): CheckedChanges | InvalidInput {
  const check = new InputCheck();
  const { apiKey, caller } = context;
  const isItself = caller.credentialId === apiKey.id;
  const given: CheckedChanges = {};
  const take = <Name extends keyof SentSettings>(
    name: Name,
    read: (value: SentSettings[Name]) => SentSettings[Name],
  ) => {
    const value = changes[name];
    if (value === undefined) return;
    const mayRemove = REMOVABLE.includes(name);
    check.require(value !== null || mayRemove, `input.${name}`, 'Must not be null. Leave it out to keep the value.');
    if (value !== null || mayRemove) given[name] = read(value as SentSettings[Name]);
  };
  const onlyNarrows = (fits: boolean, name: string) =>
    check.require(!isItself || fits, `input.${name}`, 'A key cannot extend what it may do itself.');

  take('name', (name) => check.text(name, 'input.name', LONGEST_NAME));
  take('description', (description) => checkDescription(description, check));
  take('metadata', (metadata) => {
    checkMetadata(metadata, check);
    return metadata;
  });
  take('scopes', (scopes) => {
    const owner = apiKey.userId === null ? 'WORKSPACE' : 'USER';
    checkScopes(scopes, { owner, workspaceId: apiKey.workspaceId }, check);
    checkUserScopes(scopes, context, check);
    return [...new Set(scopes)];
  });
  take('permissions', (list) => {
    const permissions = [...new Set(list)];
    const added = permissions.filter((permission) => !apiKey.permissions.includes(permission));
    checkFormOfPermissions(permissions, check);
    checkGrantable(added, caller, check);
    checkUserPermissions(added, context, check);
    onlyNarrows(added.length === 0, 'permissions');
    return permissions;
  });
  take('allowedAddresses', (addresses) => {
    const allowed = checkAddresses(addresses, check);
    const widens = widensAddresses(apiKey.allowedAddresses, allowed);
    onlyNarrows(!widens, 'allowedAddresses');
    check.require(!widens || isItself || mayAdmit(allowed, context), 'input.allowedAddresses', NOT_WITHIN);
    return allowed;
  });
  take('expiresAt', (given) => {
    const { bounds, now } = context;
    const { createdAt, expiresAt } = apiKey;
    const isLonger = isLater(given, expiresAt);
    onlyNarrows(!isLonger, 'expiresAt');
    return checkExpiry({ given, latest: isLonger ? latestEnd(caller) : null, createdAt, now }, bounds, check);
  });
  take('rateLimit', (rateLimit) => {
    checkRateLimit(rateLimit, check);
    onlyNarrows(isAsSlow(rateLimit, apiKey.rateLimit), 'rateLimit');
    return rateLimit;
  });
  return check.outcome ?? given;
}

/** What `null` removes. */
const REMOVABLE: readonly string[] = ['description', 'expiresAt', 'rateLimit'];

/** Whether a change takes something away that the key may do now. */
export function isNarrower(before: ApiKeySettings, after: ApiKeySettings): boolean {
  const holdsAll = (some: readonly string[], others: readonly string[]) => others.every((each) => some.includes(each));
  return (
    !holdsAll(after.scopes, before.scopes) ||
    !holdsAll(after.permissions, before.permissions) ||
    isLater(before.expiresAt, after.expiresAt) ||
    widensAddresses(after.allowedAddresses, before.allowedAddresses) ||
    !isAsSlow(before.rateLimit, after.rateLimit)
  );
}

/** Whether a change removes something that restricts the key as a whole: addresses, the expiry, or the rate limit. */
export function liftsRestriction(before: ApiKeySettings, changes: CheckedChanges): boolean {
  const { allowedAddresses, expiresAt, rateLimit } = changes;
  return (
    (allowedAddresses !== undefined && widensAddresses(before.allowedAddresses, allowedAddresses)) ||
    (expiresAt !== undefined && isLater(expiresAt, before.expiresAt)) ||
    (rateLimit !== undefined && !isAsSlow(rateLimit, before.rateLimit))
  );
}

/** A scope that the user of a key cannot hold would begin to count with a promotion of the user. */
function checkUserScopes(scopes: readonly Scope[], { apiKey, user }: ChangeContext, check: InputCheck): void {
  const beyond = scopes.filter(
    (scope) => user !== null && !scopesOfRole(user.role).includes(scope) && !apiKey.scopes.includes(scope),
  );
  check.require(beyond.length === 0, 'input.scopes', `The user of the key cannot hold ${beyond.join(', ')}.`);
}

/** The same for permissions, of which the user gets more from an administrator. */
function checkUserPermissions(added: readonly string[], { user, caller }: ChangeContext, check: InputCheck): void {
  const fits = user === null || effectivePermissions(added, user).length === added.length;
  // Otherwise the caller gets another message already.
  const isGrantable = permissionsNotHeld(caller, added).length === 0;
  check.require(fits || !isGrantable, 'input.permissions', 'Must be among the permissions of the user of the key.');
}

/** Whether the caller may let a key be used from these addresses, besides those from which it can be used already. */
function mayAdmit(addresses: readonly string[], { apiKey, caller }: ChangeContext): boolean {
  const own = caller.allowedAddresses;
  return own === undefined || (addresses.length > 0 && areWithin(addresses, [...own, ...apiKey.allowedAddresses]));
}

/** Whether a list admits an address that the one before did not. An empty list admits all. */
function widensAddresses(before: readonly string[], after: readonly string[]): boolean {
  return before.length > 0 && (after.length === 0 || !areWithin(after, before));
}

/** Whether one moment is later than another. Null is later than every moment. */
function isLater(one: Date | null, other: Date | null): boolean {
  return other !== null && (one === null || one > other);
}
