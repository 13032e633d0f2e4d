// The typed way to call the service: `app.as(admin).rotateApiKey({ … }).expectSuccess()`. The documents are those that
// consumers import.
import * as client from '../../src/client/generated/graphql.ts';
import type { Account, Presented } from './account.ts';

const DOCUMENTS = {
  bootstrap: client.BootstrapDocument,
  register: client.RegisterDocument,
  login: client.LoginDocument,
  changePassword: client.ChangePasswordDocument,
  inviteUser: client.InviteUserDocument,
  acceptInvitation: client.AcceptInvitationDocument,
  updateUser: client.UpdateUserDocument,
  updateProfile: client.UpdateProfileDocument,
  createPasswordReset: client.CreatePasswordResetDocument,
  resetPassword: client.ResetPasswordDocument,
  deleteUser: client.DeleteUserDocument,
  disableUser: client.DisableUserDocument,
  enableUser: client.EnableUserDocument,
  createApiKey: client.CreateApiKeyDocument,
  rotateApiKey: client.RotateApiKeyDocument,
  revokeApiKey: client.RevokeApiKeyDocument,
  updateApiKey: client.UpdateApiKeyDocument,
  endApiKeyOverlap: client.EndApiKeyOverlapDocument,
  setCredentialPolicy: client.SetCredentialPolicyDocument,
  refreshSession: client.RefreshSessionDocument,
  logout: client.LogoutDocument,
  revokeSession: client.RevokeSessionDocument,
  revokeAllSessions: client.RevokeAllSessionsDocument,
  revokeAccessToken: client.RevokeAccessTokenDocument,
  createWorkspace: client.CreateWorkspaceDocument,
  createDaemonToken: client.CreateDaemonTokenDocument,
  renewDaemonToken: client.RenewDaemonTokenDocument,
  revokeDaemonToken: client.RevokeDaemonTokenDocument,
  revokeDaemon: client.RevokeDaemonDocument,
  createSigningKey: client.CreateSigningKeyDocument,
  rotateSigningKey: client.RotateSigningKeyDocument,
  revokeSigningKey: client.RevokeSigningKeyDocument,
  updateWorkspace: client.UpdateWorkspaceDocument,
  addWorkspaceMember: client.AddWorkspaceMemberDocument,
  removeWorkspaceMember: client.RemoveWorkspaceMemberDocument,
  setWorkspaceMemberRole: client.SetWorkspaceMemberRoleDocument,
  deleteWorkspace: client.DeleteWorkspaceDocument,
  viewer: client.ViewerDocument,
  introspect: client.IntrospectDocument,
  users: client.UsersDocument,
  user: client.UserDocument,
  apiKey: client.ApiKeyDocument,
  apiKeys: client.ApiKeysDocument,
  credentialPolicy: client.CredentialPolicyDocument,
  session: client.SessionDocument,
  sessions: client.SessionsDocument,
  revocations: client.RevocationsDocument,
  workspace: client.WorkspaceDocument,
  workspaces: client.WorkspacesDocument,
  daemonTokens: client.DaemonTokensDocument,
  signingKeys: client.SigningKeysDocument,
  auditEvents: client.AuditEventsDocument,
  explain: client.ExplainDocument,
};

type Documents = typeof DOCUMENTS;
type Field = keyof Documents;
type Of<F extends Field> =
  Documents[F] extends client.TypedDocumentString<infer Data, infer Variables>
    ? { data: Data[F & keyof Data]; variables: Variables }
    : never;
/** A mutation takes its `input`, a query its variables. */
type Arguments<Variables> = Variables extends { input: infer Input }
  ? [input: Input]
  : Record<string, never> extends Variables
    ? [variables?: Variables]
    : [variables: Variables];

/** Every root field that a typed document exists for. */
export type Calls = { readonly [F in Field]: (...argument: Arguments<Of<F>['variables']>) => Call<Of<F>['data']> };

/** The response to a request, as a client sees it. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any selection
  data: any;
  // biome-ignore lint/suspicious/noExplicitAny: extensions are open
  errors: { message: string; path?: (string | number)[]; extensions: any }[] | undefined;
}

type Send = (query: string, variables: object, presented: Presented) => Promise<Answer>;
type Member<Result, Name> = Extract<Result, { __typename: Name }>;
type SuccessName<Result> = Extract<NameOf<Result>, `${string}Success`>;
type NameOf<Result> = Result extends { __typename: infer Name } ? Name : never;

/**
 * One request that was sent. Awaited as it is, it returns the data of its field: for a mutation, any member of the union.
 * A method that expects another response than it got throws, with the query, the request id and the body.
 */
export class Call<Result> implements PromiseLike<Result> {
  readonly #field: string;
  readonly #query: string;
  readonly #variables: object;
  readonly #answer: Promise<Answer>;

  constructor(field: string, query: string, variables: object, answer: Promise<Answer>) {
    this.#field = field;
    this.#query = query;
    this.#variables = variables;
    this.#answer = answer;
    this.#answer.catch(() => undefined); // The methods below report the error.
  }

  /** Status, headers, data and errors of any response. */
  answer(): Promise<Answer> {
    return this.#answer;
  }

  // biome-ignore lint/suspicious/noThenProperty: a call that is only awaited must not go on before its answer
  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#result().then(onFulfilled, onRejected);
  }

  /** The one member of the union that is not an error. */
  async expectSuccess(): Promise<Member<Result, SuccessName<Result>>> {
    return (await this.#member('a success', (name) => name.endsWith('Success'))) as Member<Result, SuccessName<Result>>;
  }

  /** The member of the union that has this name. */
  async expect<Name extends NameOf<Result> & string>(name: Name): Promise<Member<Result, Name>> {
    return (await this.#member(name, (each) => each === name)) as Member<Result, Name>;
  }

  /** The response, which must have exactly one error with this code. */
  async expectError(code: string): Promise<Answer> {
    const answer = await this.#answer;
    const codes = answer.errors?.map(({ extensions }) => extensions?.code) ?? [];
    if (codes.length !== 1 || codes[0] !== code) throw this.#unexpected(`the error ${code}`, answer);
    return answer;
  }

  async #result(): Promise<Result> {
    const answer = await this.#answer;
    if (answer.errors) throw this.#unexpected('data', answer);
    return answer.data[this.#field];
  }

  async #member(expected: string, fits: (name: string) => boolean): Promise<Result> {
    const answer = await this.#answer;
    const result = answer.data?.[this.#field];
    if (answer.errors || !fits(String(result?.__typename))) throw this.#unexpected(expected, answer);
    return result;
  }

  #unexpected(expected: string, { status, headers, data, errors }: Answer): Error {
    const json = (value: unknown) => JSON.stringify(value, null, 2);
    return new Error(
      [
        `${this.#field} did not answer with ${expected}.`,
        `status ${status}, request id ${headers.get('x-request-id')}`,
        `answer: ${json({ data, errors })}`,
        `variables: ${json(this.#variables)}`,
        this.#query,
      ].join('\n'),
    );
  }
}

/** The caller: an account by its access token, a key by its secret, or any credential of a request. */
export type Caller = Pick<Account, 'accessToken'> | { secret: string } | Presented;

/** All calls of one caller. */
export function callsOf(send: Send, caller: Caller = {}): Calls {
  const presented = presentedBy(caller);
  const calls = Object.entries(DOCUMENTS).map(([field, document]) => {
    const query = document.toString();
    const isMutation = /^\s*mutation\s/.test(query);
    const call = (argument?: object) => {
      const variables = isMutation && argument ? { input: argument } : (argument ?? {});
      return new Call(field, query, variables, send(query, variables, presented));
    };
    return [field, call];
  });
  return Object.fromEntries(calls) as Calls;
}

export function presentedBy(caller: Caller): Presented {
  if ('accessToken' in caller) return { bearer: caller.accessToken };
  if ('secret' in caller) return { apiKey: caller.secret };
  return caller;
}
