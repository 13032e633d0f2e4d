import type { LoginMutation } from '../../src/client/generated/graphql.ts';

type LoginSuccess = Extract<LoginMutation['login'], { __typename: 'LoginSuccess' }>;

/** A person with an account, and the tokens of one session. */
export interface Account {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  sessionId: string;
}

/** The account that was told by a login, by `bootstrap` or by `register`. */
export function accountOf({ user, tokens }: Pick<LoginSuccess, 'user' | 'tokens'>): Account {
  const { accessToken, refreshToken, session } = tokens;
  return { id: user.id, email: user.email, accessToken, refreshToken, sessionId: session.id };
}

/** An API key or a session: what it is called, and what authenticates a request. */
export interface Credential {
  id: string;
  secret: string;
}

/** What a request presents to say who it comes from. */
export interface Presented {
  bearer?: string;
  apiKey?: string;
  headers?: Record<string, string>;
}
