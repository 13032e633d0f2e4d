// A third kind of credential, which exists only in tests: one feature, and nothing else in the service names it.
import { defineEntity, p } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import { defineCredentialType } from '../../src/credentials/credential-type.ts';
import { accepted, FROM_SNAPSHOT, rejected, SNAPSHOT_COLUMNS, type Snapshot } from '../../src/credentials/snapshot.ts';
import { constantTimeEqual } from '../../src/crypto/compare.ts';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { invalidateOnRow, invalidateOnTruncate, invalidateOnUpdate } from '../../src/database/triggers.ts';
import { defineFeature } from '../../src/feature.ts';
import { credentialRefused } from '../../src/identity/access-error.ts';
import { userTag } from '../../src/revocation/tags.ts';

export class Toy {
  id!: string;
  userId!: string;
  secretHash!: string;
  revokedAt!: Date | null;
  createdAt!: Date;
}

const ToySchema = defineEntity({
  class: Toy,
  tableName: 'toys',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    secretHash: p.string(),
    revokedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

class MigrationToys extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table toys (id text primary key, user_id text not null references users, secret_hash text not null,
      revoked_at timestamptz, created_at timestamptz not null default now())`);
    for (const statement of [
      ...invalidateOnUpdate({ table: 'toys', tag: 'toy', columns: ['id', 'secret_hash', 'revoked_at'] }),
      ...invalidateOnRow({ table: 'toys', event: 'delete', tag: 'toy' }),
      ...invalidateOnTruncate({ table: 'toys' }),
    ]) {
      this.addSql(statement);
    }
  }
}

const LOAD = {
  name: 'toy-load',
  text: `select ${SNAPSHOT_COLUMNS}, t.id, t.user_id as "userId", t.revoked_at is not null as revoked
    ${FROM_SNAPSHOT} left join toys t on t.secret_hash = $1`,
};
type LoadRow = Snapshot & { id: string | null; userId: string; revoked: boolean };

/** The header that proves one request: a hash of its method, its target, and the digest of its body. */
export const proofOf = (secret: string, { method, target, body }: { method: string; target: string; body: string }) =>
  sha256Base64url(`${sha256Base64url(secret)} ${method} ${target} ${sha256Base64url(body)}`);

const toyCredential = defineCredentialType<string>({
  kind: 'toy',
  graphqlType: 'Toy',
  entity: Toy,
  table: 'toys',
  beginning: 'toy_',
  carriers: ['bearer'],
  isWellFormed: (text) => /^toy_[0-9a-f]{32}$/.test(text),
  identify: (text) => sha256Base64url(text),
  async load(secretHash, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [secretHash]);
    if (!row) throw new Error('A snapshot always has a row.');
    if (row.id === null) return rejected(row);
    const tags = [`toy:${row.id}`, userTag(row.userId)];
    if (row.revoked) return rejected(row, tags);
    const principal = {
      kind: 'toy',
      credentialId: row.id,
      proof: secretHash,
      userId: row.userId,
      workspaceId: null,
      scopes: ['WORKSPACES_READ', 'WORKSPACES_WRITE'] as const,
      permissions: ['play'],
      expiresAt: null,
    };
    return accepted(row, principal, tags, []);
  },
  async prove({ method, target, rawHeaders, bodyDigest }, principal) {
    if (!bodyDigest) throw credentialRefused();
    const given = rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'x-toy-proof') + 1] ?? '';
    const digest = (await bodyDigest()).toString('base64url');
    const expected = sha256Base64url(`${principal.proof} ${method} ${target} ${digest}`);
    if (!constantTimeEqual(given, expected)) throw credentialRefused();
  },
  async confirm(em, { credentialId }) {
    const rows = await em.execute('select 1 from toys where id = ? and revoked_at is null for share', [credentialId]);
    return rows.length > 0;
  },
  byIds: (em, ids) => em.find(Toy, { id: { $in: [...ids] } }),
});

/** The SDL of the toy, which `schema/toys.graphql` would hold, and its resolvers. */
export const toySchema = {
  typeDefs: `
    "A toy."
    type Toy implements Credential & Node {
      id: ID!
      createdAt: DateTime!
      expiresAt: DateTime
      lastUsedAt: DateTime
      revokedAt: DateTime
      revocationReason: RevocationReason
      status: CredentialStatus!
    }
  `,
  resolvers: {
    Toy: {
      lastUsedAt: ({ id }: Toy, _: unknown, { loaders }: { loaders: { lastUsedAt: { load(id: string): unknown } } }) =>
        loaders.lastUsedAt.load(id),
      status: ({ revokedAt }: Toy) => (revokedAt ? 'REVOKED' : 'ACTIVE'),
    },
  },
};

export const toys = defineFeature({
  name: 'toys',
  entities: [ToySchema],
  migrations: [{ name: '20991231000000-toys', class: MigrationToys }],
  credentials: [toyCredential],
});
