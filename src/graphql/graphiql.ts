import type { GraphiQLOptions } from 'graphql-yoga';

/** GraphiQL: everything it needs comes from this service, and headers are not kept, for they hold credentials. */
export const GRAPHIQL: GraphiQLOptions = {
  title: 'Rekey',
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: true,
  defaultEditorToolsVisibility: 'headers',
  // Sent with every operation from the tab below.
  headers: JSON.stringify({ Authorization: 'Bearer <access token or API key>' }, null, 2),
  defaultQuery: `# Welcome to Rekey.
#
# 1. On an empty installation, make the first administrator. The service has printed the setup token.
#    (Until you have a credential, empty the Headers tab below.)
# 2. Put the access token, or an API key, into the Headers tab: { "Authorization": "Bearer …" }
# 3. Ask who you are, create an API key, rotate it, and see the old secret refused.

mutation Bootstrap {
  bootstrap(
    input: {
      setupToken: "setup_…"
      email: "you@example.com"
      password: "a long sentence that only you know"
      displayName: "You"
    }
  ) {
    __typename
    ... on BootstrapSuccess {
      tokens {
        accessToken
      }
    }
    ... on UserError {
      message
    }
  }
}

query WhoAmI {
  viewer {
    user {
      email
    }
    scopes
  }
}

mutation CreateApiKey {
  createApiKey(input: { name: "deploy bot", scopes: [API_KEYS_READ] }) {
    ... on CreateApiKeySuccess {
      secret
      apiKey {
        id
      }
    }
    ... on UserError {
      message
    }
  }
}
`,
};
