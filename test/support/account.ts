/** A user, and the tokens of one session. */
export interface Account {
  id: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  sessionId: string;
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
}
