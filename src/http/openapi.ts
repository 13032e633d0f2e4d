import { SCOPES } from '../identity/scope.ts';
import { respondWith } from './respond.ts';

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const header = (description: string, schema: object = { type: 'string' }) => ({ description, schema });
const json = (description: string, schema: object, headers: object = {}) => ({
  description,
  headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' }, ...headers },
  content: { 'application/json': { schema } },
});
const empty = (description: string, headers: object = {}) => ({
  description,
  headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' }, ...headers },
});
const failed = (description: string) => json(description, ref('Error'));

const RETRY = { 'Retry-After': header('Seconds until a retry makes sense.', { type: 'integer' }) };
const CHALLENGE = { 'WWW-Authenticate': header('RFC 6750 §3; Basic for client credentials.') };
const RATE = {
  RateLimit: header(
    'What is left of the rate limit of the credential, such as `"key";r=57;t=3540`. Only if it has one.',
  ),
  'RateLimit-Policy': header('The rate limit of the credential, such as `"key";q=60;w=3600`. Only if it has one.'),
};
const POSITION = { 'X-Rekey-Position': header('The position of the log before the decision, for a follower.') };

/** The responses that every endpoint with a credential may give. */
const REFUSALS = {
  400: failed('The request cannot be understood, or carries two different credentials.'),
  401: json('The credential is missing or not valid.', ref('Error'), CHALLENGE),
  403: json('The credential does not hold what is required.', ref('Error'), CHALLENGE),
  429: json('Too many requests.', ref('Error'), RETRY),
  503: json('The service cannot know the answer. Nothing was changed.', ref('Error'), RETRY),
};

const SECURITY = [{ bearer: [] }, { apiKey: [] }, { signature: [], timestamp: [], nonce: [] }];

const form = (properties: object) => ({
  required: true,
  content: {
    'application/x-www-form-urlencoded': { schema: { type: 'object', required: ['token'], properties } },
  },
});

const TOKEN = text('The secret or access token.', { minLength: 1 });
const HINT = text('Ignored. The form of the token is enough to find its kind.');

const IDENTITY = {
  'X-Rekey-User': header('The id of the user, or `-`.'),
  'X-Rekey-Workspace': header('The id of the workspace that the credential is bound to, or `-`.'),
  'X-Rekey-Credential': header('The id of the credential.'),
  'X-Rekey-Scopes': header('Separated by commas, or `-`.'),
  'X-Rekey-Permissions': header('Separated by commas, or `-`.'),
  'X-Rekey-Expires': header('RFC 3339, or `-`.'),
};

const FOLLOWER = {
  name: 'X-Rekey-Follower',
  in: 'header',
  description: 'Asks for `X-Rekey-Position`.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{16,64}$' },
};

const verify = {
  summary: 'Forward authentication for gateways',
  description: 'Any method. The credential is that of the request to verify.',
  parameters: [
    {
      name: 'permission',
      in: 'query',
      description: 'A permission that must be held. Of several, all must be.',
      schema: { type: 'array', items: { type: 'string', minLength: 1 } },
    },
    FOLLOWER,
  ],
  security: SECURITY,
  responses: {
    204: empty('The credential is valid.', { ...IDENTITY, ...RATE, ...POSITION }),
    ...REFUSALS,
    429: json('The credential has reached its rate limit, or too many are invalid.', ref('Error'), {
      ...RETRY,
      ...RATE,
    }),
  },
};

const PATHS = {
  '/v1/verify': { get: { operationId: 'verify', ...verify }, post: { operationId: 'verifyByPost', ...verify } },
  '/v1/introspect': {
    post: {
      operationId: 'introspect',
      summary: 'Token introspection (RFC 7662)',
      description: 'The caller needs the scope INTROSPECT.',
      parameters: [FOLLOWER],
      security: [...SECURITY, { client: [] }, {}],
      requestBody: form({
        token: TOKEN,
        token_type_hint: HINT,
        client_id: text('`client_secret_post`: the id of a credential.'),
        client_secret: text('`client_secret_post`: its secret.'),
      }),
      responses: {
        200: json('The current state of the token.', ref('Introspection'), POSITION),
        ...REFUSALS,
        413: failed('The form is too large.'),
        415: failed('The form is not UTF-8.'),
      },
    },
  },
  '/v1/revoke': {
    post: {
      operationId: 'revoke',
      summary: 'Token revocation (RFC 7009)',
      description:
        'The secret authorizes its own revocation. 200 with `X-Rekey-Receipt`: no replica accepts it any more.',
      security: [{}],
      requestBody: form({ token: TOKEN, token_type_hint: HINT }),
      responses: {
        200: json(
          'The token is revoked. Without a receipt: it is unknown or has expired.',
          { type: 'object' },
          {
            'X-Rekey-Receipt': header('A dictionary of RFC 9651.'),
          },
        ),
        400: failed('No token, or one that cannot be revoked.'),
        413: failed('The form is too large.'),
        415: failed('The form is not UTF-8.'),
        429: REFUSALS[429],
        500: failed('The connection was lost during the commit: repeat the call.'),
        503: REFUSALS[503],
      },
    },
  },
  '/v1/revocations': {
    get: {
      operationId: 'revocations',
      summary: 'The feed of revocations, as a long poll',
      description: 'The caller needs the scope SESSIONS_READ or INTROSPECT.',
      parameters: [
        {
          name: 'after',
          in: 'query',
          description: 'The position of the last response. Left out: the current position, at once.',
          schema: { type: 'string', pattern: '^\\d{1,15}$' },
        },
        {
          name: 'wait',
          in: 'query',
          description: 'How long to wait for an event, in milliseconds.',
          schema: { type: 'integer', minimum: 0, maximum: 10_000, default: 0 },
        },
      ],
      security: SECURITY,
      responses: {
        200: json('The events after the position.', ref('Revocations')),
        ...REFUSALS,
        410: failed('The log does not reach back to the position.'),
      },
    },
  },
  '/.well-known/jwks.json': {
    get: {
      operationId: 'jwks',
      summary: 'The public keys of the access tokens (RFC 7517)',
      security: [{}],
      responses: { 200: json('The keys.', ref('JwkSet'), { 'Cache-Control': header('How long to keep them.') }) },
    },
  },
  '/.well-known/oauth-authorization-server': {
    get: {
      operationId: 'serverMetadata',
      summary: 'Authorization server metadata (RFC 8414)',
      security: [{}],
      responses: {
        200: json('The metadata.', {
          type: 'object',
          required: ['issuer', 'response_types_supported'],
          properties: { issuer: { type: 'string', format: 'uri' } },
        }),
        404: failed('The issuer is not an https URL.'),
      },
    },
  },
  '/livez': {
    get: {
      operationId: 'live',
      summary: 'Whether the process runs',
      security: [{}],
      responses: { 200: { description: 'The process runs.' } },
    },
  },
  '/readyz': {
    get: {
      operationId: 'ready',
      summary: 'Whether this replica can serve requests',
      security: [{}],
      responses: {
        200: json('The replica can serve requests.', ref('Readiness')),
        503: json('The replica cannot serve requests.', ref('Readiness')),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Metrics in the format of Prometheus',
      security: [{}],
      responses: { 200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } } },
    },
  },
};

const nullable = (description: string) => ({ type: ['string', 'null'], description });

const SCHEMAS = {
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: text('The code of the error.'),
      error_description: text('What is wrong, for the developer.'),
      reason: text('What is wrong with a signature.'),
      request_id: text('Only with 500.'),
    },
    additionalProperties: false,
  },
  Introspection: {
    oneOf: [
      {
        type: 'object',
        required: ['active'],
        properties: { active: { const: false } },
        additionalProperties: false,
      },
      {
        type: 'object',
        required: ['active', 'iss', 'sub', 'scope', 'token_type', 'client_id', 'credential', 'permissions'],
        properties: {
          active: { const: true },
          iss: { type: 'string' },
          sub: text('The id of the user; the id of the credential if it has no user.'),
          scope: text('Separated by spaces.'),
          token_type: { const: 'Bearer' },
          client_id: text('The id of the credential; the issuer for an access token.'),
          username: text('The email address of the user, if `REKEY_INTROSPECTION_USERNAME` is `on`.'),
          jti: text('Of an access token.'),
          iat: { type: 'integer', description: 'When the secret or the token was issued, in seconds since the epoch.' },
          exp: { type: 'integer', description: 'Seconds since the epoch.' },
          credential: { type: 'string' },
          workspace: { type: 'string' },
          permissions: { type: 'array', items: { type: 'string' } },
          allowed_addresses: { type: 'array', items: { type: 'string' } },
          metadata: { type: 'object', additionalProperties: { type: 'string' } },
        },
        additionalProperties: false,
      },
    ],
  },
  Revocations: {
    type: 'object',
    required: ['position', 'view', 'events', 'more'],
    properties: {
      position: text('The value of `after` for the next request.'),
      view: { enum: ['all', 'user', 'workspace'] },
      events: { type: 'array', items: ref('RevocationEvent') },
      more: { type: 'boolean', description: 'Whether there are more events now.' },
    },
    additionalProperties: false,
  },
  RevocationEvent: {
    type: 'object',
    required: [
      'sequence',
      'credentialId',
      'kind',
      'effect',
      'reason',
      'committedAt',
      'userId',
      'workspaceId',
      'daemonId',
    ],
    properties: {
      sequence: { type: 'string' },
      credentialId: { type: 'string' },
      kind: { type: 'string' },
      effect: { enum: ['ENDED', 'NARROWED'] },
      reason: { type: 'string' },
      committedAt: { type: 'string', format: 'date-time' },
      userId: nullable('The id of the user of the credential.'),
      workspaceId: nullable('The id of the workspace of the credential.'),
      daemonId: nullable('The id of the daemon of the credential.'),
    },
    additionalProperties: false,
  },
  JwkSet: {
    type: 'object',
    required: ['keys'],
    properties: {
      keys: {
        type: 'array',
        items: { type: 'object', required: ['kty', 'crv', 'x', 'kid', 'alg', 'use'] },
      },
    },
  },
  Readiness: {
    type: 'object',
    required: ['status', 'database', 'lease', 'sharedCache'],
    properties: {
      status: { enum: ['ready', 'not ready', 'stopping'] },
      database: { type: 'string' },
      lease: { type: 'string' },
      sharedCache: { type: 'string' },
    },
    additionalProperties: false,
  },
};

/** Every endpoint except GraphQL, as OpenAPI 3.1. The schema of GraphQL describes itself. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Rekey',
    version: '1',
    summary: 'The endpoints for gateways, services and OAuth clients. Everything else is GraphQL, at /graphql.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  paths: PATHS,
  components: {
    headers: { RequestId: header('The id of the request, also in the log.') },
    schemas: SCHEMAS,
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: `An API key, a daemon token or an access token. Scopes: ${SCOPES.join(', ')}.`,
      },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key or a daemon token.' },
      client: { type: 'http', scheme: 'basic', description: 'The id of a credential, and its secret.' },
      signature: { type: 'apiKey', in: 'header', name: 'X-Signature', description: 'Of a signed request.' },
      timestamp: { type: 'apiKey', in: 'header', name: 'X-Timestamp', description: 'Of a signed request.' },
      nonce: { type: 'apiKey', in: 'header', name: 'X-Nonce', description: 'Of a signed request.' },
    },
  },
};

/** @param hasMetrics whether `/metrics` is on the port of the service, and not on one of its own */
export function createOpenApi(hasMetrics: boolean) {
  const { '/metrics': metrics, ...paths } = OPENAPI.paths;
  return respondWith(hasMetrics ? OPENAPI : { ...OPENAPI, paths }, { keepSeconds: 300 });
}
