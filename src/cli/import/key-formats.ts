import type { KeyToImport } from '../../api-keys/imported-key.input.ts';
import { Fields, LineProblem } from './fields.ts';
import type { FileLine } from './file-line.ts';
import type { JsonLayout } from './import-file.ts';
import { readRecords } from './read-records.ts';

/** How one system writes its API keys. */
interface KeyFormat {
  layout: JsonLayout;
  /** The key of one record, or why it is left out. A key that has ended in its system must not become valid here. */
  read(fields: Fields, now: Date): KeyToImport | 'disabled' | 'expired' | 'revoked';
}

const FIELDS = [
  ...['name', 'owner', 'workspace', 'hash', 'secret', 'hint', 'permissions', 'scopes', 'expiresAt', 'description'],
  ...['metadata', 'allowedAddresses', 'rateLimit'],
];

const NOTHING = {
  ...{ owner: null, workspaceId: null, secret: null, hash: null, hint: null, description: null, expiresAt: null },
  ...{ metadata: [], scopes: [], permissions: [], allowedAddresses: [], rateLimit: null },
};

/** The format that `rekey export keys` writes. */
const rekey: KeyFormat = {
  layout: 'lines',
  read(fields) {
    fields.allow(FIELDS);
    return {
      name: fields.text('name') ?? '',
      owner: fields.text('owner'),
      workspaceId: fields.text('workspace'),
      secret: fields.text('secret'),
      hash: fields.text('hash'),
      hint: fields.text('hint'),
      permissions: fields.list('permissions'),
      scopes: fields.list('scopes'),
      expiresAt: fields.moment('expiresAt'),
      description: fields.text('description'),
      metadata: metadataOf(fields.object('metadata')),
      allowedAddresses: fields.list('allowedAddresses'),
      rateLimit: rateLimitOf(fields),
    };
  },
};

/**
 * Unkey: the rows of its table `keys` (`pkg/mysql/schema/keys.sql` of github.com/unkeyed/unkey), or the items of
 * `/v2/keys.migrateKeys` and `/v2/apis.listKeys`. `hash` is SHA-256 in base64 (`pkg/hash/sha256.go`), `start` the
 * beginning of the secret, `meta` JSON, `expires` milliseconds or a moment in UTC.
 */
const unkey: KeyFormat = {
  layout: { arrays: ['keys', 'data'] },
  read(fields, now) {
    if (!fields.flag('enabled', true)) return 'disabled';
    if (fields.dumpedMoment('deleted_at_m', 'deletedAtM', 'deleted_at', 'deletedAt')) return 'revoked';
    const expiresAt = fields.dumpedMoment('expires');
    if (isPast(expiresAt, now)) return 'expired';
    const start = fields.text('start');
    return {
      ...NOTHING,
      name: fields.text('name') ?? start ?? fields.text('id', 'keyId') ?? 'Unkey',
      owner: emailIn(fields.any('externalId', 'external_id', 'ownerId', 'owner_id', 'owner')),
      secret: fields.text('plaintext'),
      hash: fields.text('hash'),
      hint: start && `${start}…`,
      permissions: fields.list('permissions'),
      expiresAt,
      metadata: metadataOf(fields.object('meta')),
    };
  },
};

/**
 * Better Auth: the rows of the table `apikey` of its API key plugin (`plugins/api-key/schema.ts` of
 * github.com/better-auth/better-auth). `key` is SHA-256 in base64url without padding (`defaultKeyHasher`), `permissions`
 * and `metadata` are JSON, `rateLimitTimeWindow` is in milliseconds.
 */
const betterAuth: KeyFormat = {
  layout: { arrays: ['apikey', 'apiKeys', 'data'] },
  read(fields, now) {
    if (!fields.flag('enabled', true)) return 'disabled';
    const expiresAt = fields.dumpedMoment('expiresAt', 'expires_at');
    if (isPast(expiresAt, now)) return 'expired';
    const start = fields.text('start');
    const actions = Object.entries(fields.object('permissions') ?? {});
    return {
      ...NOTHING,
      name: fields.text('name') ?? start ?? 'Better Auth',
      owner: emailIn(fields.any('email', 'userId', 'referenceId', 'user_id', 'reference_id')),
      hash: fields.text('key'),
      hint: start && `${start}…`,
      permissions: actions.flatMap(([resource, list]) => textsIn(list).map((action) => `${resource}:${action}`)),
      expiresAt,
      metadata: metadataOf(fields.object('metadata')),
      rateLimit: betterAuthLimit(fields),
    };
  },
};

/**
 * LiteLLM: the rows of the table `LiteLLM_VerificationToken` (`schema.prisma` of github.com/BerriAI/litellm), or the answer
 * of `/key/list?return_full_object=true`. `token` is SHA-256 in hex, `key_name` shows the end of the secret.
 */
const litellm: KeyFormat = {
  layout: { arrays: ['keys', 'data'] },
  read(fields, now) {
    if (fields.flag('blocked', false)) return 'disabled';
    const expiresAt = fields.dumpedMoment('expires');
    if (isPast(expiresAt, now)) return 'expired';
    const shown = fields.text('key_name');
    return {
      ...NOTHING,
      name: fields.text('key_alias') ?? shown ?? 'LiteLLM',
      owner: emailIn(fields.any('user_email')) ?? emailIn(fields.any('user_id')),
      hash: fields.text('token'),
      hint: shown?.replace('...', '…') ?? null,
      expiresAt,
      metadata: metadataOf(fields.object('metadata')),
    };
  },
};

/**
 * OpenSearch: the documents of the index `.opensearch_security_api_tokens` as `_search` returns them
 * (`action/apitokens/ApiToken.java` of github.com/opensearch-project/security, from 3.7 on). `token_hash` is SHA-256 in
 * base64, times are milliseconds. The index permissions have no counterpart and are left out.
 */
const opensearch: KeyFormat = {
  layout: { arrays: ['hits'] },
  read(hit, now) {
    const inHit = hit.object('_source');
    const source = inHit ? new Fields(inHit) : hit;
    if (source.dumpedMoment('revoked_at')) return 'revoked';
    const expiresAt = source.dumpedMoment('expires_at', 'expiration');
    if (isPast(expiresAt, now)) return 'expired';
    return {
      ...NOTHING,
      name: source.text('name') ?? 'OpenSearch',
      owner: emailIn(source.any('created_by')),
      hash: source.text('token_hash'),
      hint: 'os_…',
      permissions: source.list('cluster_permissions'),
      expiresAt,
    };
  },
};

const FORMATS = { rekey, unkey, 'better-auth': betterAuth, litellm, opensearch };

export type KeyFormatName = keyof typeof FORMATS;
export const KEY_FORMATS = Object.keys(FORMATS).filter((name) => name !== 'rekey');
export const layoutOfKeys = (format: KeyFormatName): JsonLayout => FORMATS[format].layout;

/** Reads the lines of a file in one of these formats. */
export function readKeys(lines: AsyncIterable<FileLine>, { format, now }: { format: KeyFormatName; now: Date }) {
  const isDump = format !== 'rekey';
  return readRecords<KeyToImport>(lines, (record) => FORMATS[format].read(new Fields(record, { isDump }), now));
}

const isPast = (moment: Date | null, now: Date) => moment !== null && moment <= now;

/** The email address in a field. Other systems often name an owner by an id, which identifies no user here. */
export function emailIn(value: unknown): string | null {
  return typeof value === 'string' && value.includes('@') ? value : null;
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** Data of any form as names and texts. */
function metadataOf(object: Record<string, unknown> | null): { key: string; value: string }[] {
  return Object.entries(object ?? {})
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ({ key, value: typeof value === 'string' ? value : JSON.stringify(value) }));
}

/** `{ "requests": 60, "windowSeconds": 60 }`; in a CSV file `60/60`. */
function rateLimitOf(fields: Fields): KeyToImport['rateLimit'] {
  const value = fields.any('rateLimit');
  const [, most, seconds] = typeof value === 'string' ? (/^(\d{1,9})\/(\d{1,9})$/.exec(value) ?? []) : [];
  if (most !== undefined) return { requests: Number(most), windowSeconds: Number(seconds) };
  const object = fields.object('rateLimit');
  if (object === null) return null;
  const { requests, windowSeconds } = object;
  if (!Number.isInteger(requests) || !Number.isInteger(windowSeconds))
    throw new LineProblem('rateLimit: Must have the whole numbers `requests` and `windowSeconds`.');
  return { requests: requests as number, windowSeconds: windowSeconds as number };
}

function betterAuthLimit(fields: Fields): KeyToImport['rateLimit'] {
  const [requests, milliseconds] = [fields.any('rateLimitMax'), fields.any('rateLimitTimeWindow')].map(Number);
  if (!fields.flag('rateLimitEnabled', false) || !requests || !milliseconds) return null;
  return { requests, windowSeconds: Math.ceil(milliseconds / 1000) };
}
