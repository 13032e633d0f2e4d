import type { LoginMutation } from '../../src/client/generated/graphql.ts';

type LoginSuccess = Extract<LoginMutation['login'], { __typename: 'LoginSuccess' }>;

/** A user, and the tokens of one session. */
export interface Account {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  sessionId: string;
}

/** The account in the answer to `login`, `bootstrap` or `register`. */
export function accountOf({ user, tokens }: Pick<LoginSuccess, 'user' | 'tokens'>): Account {
  const { accessToken, refreshToken, session } = tokens;
  return { id: user.id, email: user.email, accessToken, refreshToken, sessionId: session.id };
}

/** An API key or a session: its id, and the secret that authenticates a request. */
export interface Credential {
  id: string;
  secret: string;
}

/** The credentials of a request. */
export interface Presented {
  bearer?: string;
  apiKey?: string;
  headers?: Record<string, string>;
  /** The signing key that signs the request. */
  signedBy?: Credential;
}
