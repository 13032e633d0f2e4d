import { checkFormOfPermissions } from '../identity/grant.ts';
import type { UserRole } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import { isEmail, isReserved } from './email.ts';
import { readPasswordHash } from './imported-password.ts';
import type { Passwords } from './password.ts';

/** The input for a new account. */
export interface AccountInput {
  email: string;
  password: string;
  displayName: string;
}

/** The input for an invitation. */
export interface InvitationInput {
  email: string;
  displayName: string;
  role: UserRole;
  permissions: readonly string[];
  workspaceIds: readonly string[];
}

/** What `updateUser` changes. What is undefined stays as it is, and null is rejected. */
export interface UserUpdate {
  displayName?: string | null | undefined;
  email?: string | null | undefined;
  role?: UserRole | null | undefined;
  permissions?: readonly string[] | null | undefined;
}

/** Null if the input for a new account is valid. */
export function checkNewAccount(input: AccountInput, passwords: Passwords): InvalidInput | null {
  const check = new InputCheck();
  checkEmail(check, input.email);
  checkDisplayName(check, input.displayName);
  const about = wordsAbout(input);
  passwords.check(check, { password: input.password, path: 'input.password', about });
  return check.outcome;
}

/** A user of another system, as a file describes it. */
export interface UserToImport {
  email: string;
  displayName: string;
  role: string;
  permissions: readonly string[];
  /** Null for an account without a password. */
  passwordHash: string | null;
}

/** The checked user, or all of its problems as one text. No problem repeats a value. */
export function checkImportedUser(
  input: UserToImport,
): { email: string; displayName: string; role: UserRole; permissions: string[]; passwordHash: string } | string {
  const check = new InputCheck();
  checkEmail(check, input.email);
  const displayName = checkDisplayName(check, input.displayName);
  const isRole = input.role === 'MEMBER' || input.role === 'ADMIN';
  check.require(isRole, 'input.role', 'Must be MEMBER or ADMIN.');
  const permissions = [...new Set(input.permissions)];
  checkFormOfPermissions(permissions, check);
  const read = input.passwordHash === null ? { passwordHash: '' } : readPasswordHash(input.passwordHash);
  if ('problem' in read) check.require(false, 'input.passwordHash', read.problem);
  if (check.outcome || 'problem' in read) return check.problems.join(' ');
  return {
    email: input.email,
    displayName,
    role: input.role as UserRole,
    permissions,
    passwordHash: read.passwordHash,
  };
}

/** The checked input, without repetitions; or everything that is wrong with it. */
export function checkInvitation(
  input: InvitationInput,
): (InvitationInput & { permissions: string[]; workspaceIds: string[] }) | InvalidInput {
  const check = new InputCheck();
  checkEmail(check, input.email);
  const displayName = checkDisplayName(check, input.displayName);
  const permissions = [...new Set(input.permissions)];
  checkFormOfPermissions(permissions, check);
  return check.outcome ?? { ...input, displayName, permissions, workspaceIds: [...new Set(input.workspaceIds)] };
}

/** What changes, without null; or everything that is wrong with the input. */
export function checkUserUpdate(input: UserUpdate): CheckedUserUpdate | InvalidInput {
  const check = new InputCheck();
  for (const [name, value] of Object.entries(input))
    check.require(value !== null, `input.${name}`, 'Must not be null. Leave it out to keep the value.');
  const { email, displayName, role, permissions } = input;
  const checked: CheckedUserUpdate = {};
  if (email != null) {
    checkEmail(check, email);
    checked.email = email;
  }
  if (displayName != null) checked.displayName = checkDisplayName(check, displayName);
  if (role != null) checked.role = role;
  if (permissions != null) {
    checked.permissions = [...new Set(permissions)];
    checkFormOfPermissions(checked.permissions, check);
  }
  return check.outcome ?? checked;
}

export interface CheckedUserUpdate {
  email?: string;
  displayName?: string;
  role?: UserRole;
  permissions?: string[];
}

export function checkDisplayName(check: InputCheck, displayName: string): string {
  return check.text(displayName, 'input.displayName', 100);
}

function checkEmail(check: InputCheck, email: string): void {
  check.require(isEmail(email), 'input.email', 'Must be an email address.');
  check.require(!isReserved(email), 'input.email', 'Must not be in the domain .invalid, which is reserved.');
}

/** What an attacker would guess first as the password of this user. */
export function wordsAbout({ email, displayName }: { email: string; displayName: string }): string[] {
  return [email, ...email.split('@'), displayName];
}
