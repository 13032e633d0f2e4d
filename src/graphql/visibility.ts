import {
  defaultFieldResolver,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
} from 'graphql';
import { User } from '../accounts/user.entity.ts';
import { AccessError } from '../identity/access-error.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import type { GraphQLContext } from './context.ts';

/** What the memberships of a principal decide. Reads should be batched. */
export interface Memberships {
  /** Whether the principal shares a workspace with this user. */
  sharesWorkspace(userId: string): Promise<boolean>;
  /** Whether the user of the principal is a member of this workspace. */
  isMemberOf(workspaceId: string): Promise<boolean>;
}

/**
 * Which users and workspaces a request may read. An administrator, or a service that introspects for one, reads all.
 * Other callers read their own user, their workspaces, and the users with whom they share a workspace.
 */
export class Visibility {
  readonly #principal: Principal | null;
  readonly #memberships: Memberships;
  readonly #admitted = new Set<string>();
  /** Users of which a caller without a user may read the id, and no other field. */
  readonly #named = new Set<string>();
  readonly #authenticated = new Set<string>();

  constructor(principal: Principal | null, memberships: Memberships) {
    this.#principal = principal;
    this.#memberships = memberships;
  }

  /**
   * Records a user whom the request may read without another check: it has read or changed their membership in a workspace
   * of the caller. Another request may have ended that membership meanwhile. A key of a workspace has no user and reads no
   * people: it reads the id, and nothing else.
   */
  admit(userId: string): void {
    const isPerson = this.#principal === null || this.#principal.userId !== null;
    (isPerson ? this.#admitted : this.#named).add(userId);
  }

  /** Records the user whom the request has authenticated by something else than a credential, such as a password. */
  admitSelf(userId: string): void {
    this.admit(userId);
    this.#authenticated.add(userId);
  }

  sees(userId: string): boolean | Promise<boolean> {
    const principal = this.#principal;
    if (this.#admitted.has(userId) || this.#named.has(userId)) return true;
    if (!principal) return false;
    return userId === principal.userId || seesAll(principal) || this.#memberships.sharesWorkspace(userId);
  }

  /** Whether the request may read more of a user than the id. */
  seesPerson(userId: string): boolean {
    return !this.#named.has(userId);
  }

  /** Whether the request may read all users and workspaces. */
  get seesAll(): boolean {
    return this.#principal !== null && seesAll(this.#principal);
  }

  /** Whether the request may read more of a user than what members of a workspace read of each other. */
  seesAccount(userId: string): boolean {
    const principal = this.#principal;
    if (this.#authenticated.has(userId)) return true;
    return principal !== null && (userId === principal.userId || seesAll(principal));
  }

  seesWorkspace(workspaceId: string): boolean | Promise<boolean> {
    const principal = this.#principal;
    if (!principal) return false;
    // Its credential would not be valid if its user were no member.
    if (principal.workspaceId !== null) return workspaceId === principal.workspaceId;
    return seesAll(principal) || this.#memberships.isMemberOf(workspaceId);
  }

  /** A credential without a user is no member: it sees its workspace, and none of its members. */
  seesMembersOf(workspaceId: string): boolean | Promise<boolean> {
    return this.#principal?.userId != null && this.seesWorkspace(workspaceId);
  }
}

/** Only administrators and their services hold INTROSPECT. */
function seesAll(principal: Principal): boolean {
  return isAdministrator(principal) || principal.scopes.includes('INTROSPECT');
}

/**
 * Adds a check to every field whose value can be a user: a user that the caller may not see becomes null. Also adds a
 * check to every field of a user except the id. The fields are found by their type, so a new one cannot be left out.
 */
export function hideInvisibleUsers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    if (type.name === 'User') hideFieldsOfUsers(type);
    for (const field of Object.values(type.getFields())) {
      const named = getNamedType(field.type);
      if (!canBeUser(schema, named)) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = async (parent, args, context, info) =>
        visible(await resolve(parent, args, context, info), context as GraphQLContext, isObjectType(named));
    }
  }
  return schema;
}

function hideFieldsOfUsers(type: GraphQLObjectType): void {
  for (const [name, field] of Object.entries(type.getFields())) {
    if (name === 'id') continue;
    const { resolve = defaultFieldResolver } = field;
    field.resolve = (user: User, args, context, info) => {
      if ((context as GraphQLContext).visibility.seesPerson(user.id)) return resolve(user, args, context, info);
      throw new AccessError('FORBIDDEN', 'A credential that belongs to a workspace reads only the id of a user.');
    };
  }
}

function canBeUser(schema: GraphQLSchema, type: GraphQLNamedType): boolean {
  if (isAbstractType(type)) return schema.getPossibleTypes(type).some(({ name }) => name === 'User');
  return type.name === 'User';
}

/** @param always whether every value is a user; otherwise the class of the value decides */
async function visible(value: unknown, context: GraphQLContext, always: boolean): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((each) => visible(each, context, always)));
  if (value == null || !(always || value instanceof User)) return value;
  return (await context.visibility.sees((value as User).id)) ? value : null;
}
