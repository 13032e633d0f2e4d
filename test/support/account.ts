/** A person with an account, and the tokens of one session. */
export interface Account {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  sessionId: string;
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
