import { hash } from 'node:crypto';
import type { GraphiQLOptions } from 'graphql-yoga';
import { PLACEHOLDER_PASSWORD } from '../accounts/famous-phrases.ts';
import type { IntrospectionAccess } from './introspection.ts';

/** GraphiQL. Everything it loads comes from this service. Headers are not stored, because they hold credentials. */
export const GRAPHIQL: GraphiQLOptions = {
  title: 'Rekey',
  method: 'POST', // Otherwise GraphiQL sends subscriptions by GET, with the document in the URL.
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: true,
  defaultEditorToolsVisibility: 'headers',
  // A comment, because GraphiQL requests the schema with these headers as soon as it is loaded.
  headers: `{
  // "Authorization": "Bearer <access token or API key>"
}`,
  defaultQuery: `# Welcome to Rekey.
#
# 1. The service printed a setup token at its
#    start. Enter the token and your own password
#    below, then run Bootstrap. It creates the
#    first administrator.
# 2. Copy the access token into the Headers tab.
#    Remove the slashes there.
# 3. Run WhoAmI, then CreateApiKey. Copy the
#    secret into the Headers tab.
# 4. Enter the id of the key below, then run
#    RotateApiKey. Every replica now rejects the
#    old secret.

mutation Bootstrap {
  bootstrap(
    input: {
      setupToken: "setup_…"
      email: "you@example.com"
      password: "${PLACEHOLDER_PASSWORD}"
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
  createApiKey(
    input: { name: "deploy bot", scopes: [API_KEYS_WRITE] }
  ) {
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

mutation RotateApiKey {
  rotateApiKey(input: { apiKeyId: "key_…" }) {
    ... on RotateApiKeySuccess {
      secret
      receipt {
        propagation
        settledInMilliseconds
      }
    }
    ... on UserError {
      message
    }
  }
}
`,
};

/** What a user of GraphiQL must know about this service, in lines as long as those of the editor. */
const NOTICES = {
  administrators: `# Only administrators may read the schema here
# (REKEY_INTROSPECTION). For the documentation,
# enter the credential of one in the Headers tab,
# then press the button "Re-fetch GraphQL schema".
# With the cookies of a session, enter instead:
# { "X-Rekey-CSRF": "1" }
#
`,
  closed: `# There is no documentation here, because this
# service does not show its schema
# (REKEY_INTROSPECTION=closed). The operations
# below still run.
#
`,
  onlyListed: `# This service executes only the operations of a
# list (REKEY_TRUSTED_DOCUMENTS), so there is no
# documentation here. To run an operation, replace
# this text by its exact text in the list.
`,
};

/** The text that the editor starts with. */
export function defaultQueryFor({ introspection, onlyListed }: PageOptions): string {
  if (onlyListed) return NOTICES.onlyListed;
  return `${introspection === 'open' ? '' : NOTICES[introspection]}${GRAPHIQL.defaultQuery}`;
}

export interface PageOptions {
  introspection: IntrospectionAccess;
  /** Whether only the documents of a list are executed. */
  onlyListed: boolean;
}

// GraphiQL stores what was typed: the setup token, passwords, secrets. This limits the storage to the tab.
const FORGET_WITH_THE_TAB = `Object.defineProperty(window, 'localStorage', { value: window.sessionStorage });`;

/**
 * The page, and a policy with which it connects only to this service and no page can frame it. It loads nine megabytes, so
 * only a process that serves the page does so.
 */
export async function graphiqlPage(options: PageOptions): Promise<{ html: string; contentSecurityPolicy: string }> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL({ ...GRAPHIQL, defaultQuery: defaultQueryFor(options) });
  const html = page.replace('<head>', () => `<head><script>${FORGET_WITH_THE_TAB}</script>`);
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)];
  const hashes = scripts.map(([, script]) => `'sha256-${hash('sha256', script as string, 'base64')}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    "style-src 'unsafe-inline'", // The editor adds its own styles.
    'font-src data:',
    'img-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html, contentSecurityPolicy: policy.join('; ') };
}
