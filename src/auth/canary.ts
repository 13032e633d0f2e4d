import type { EntityManager } from '@mikro-orm/sql';
import type { Principal } from '../access/principal.ts';
import type { EmailVault } from '../accounts/email.ts';
import { User } from '../accounts/user.entity.ts';
import { apiKeyTag } from '../api-keys/api-key.credential.ts';
import { ApiKey } from '../api-keys/api-key.entity.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { hintOf, makeSecret } from '../crypto/secret-text.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Revocations } from '../revocation/revocations.ts';

/** A reserved domain (RFC 2606): nobody can have this address, and no password opens the account. */
const OWNER_EMAIL = 'canary@rekey.invalid';
/** Longer than a run can take, so that a canary whose keeper died does not live on. */
const LIFETIME_MS = 60_000;

export interface CanaryOptions {
  fork: () => EntityManager;
  inspect: (credential: string) => Promise<Principal | null>;
  revocations: Revocations;
  emails: EmailVault;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  logger: Logger;
  metrics: Metrics;
}

/**
 * Proves the promise on the operator's own deployment: makes a credential, sees it accepted here, revokes it, and
 * measures until every replica refuses it. It holds no scope and no permission.
 */
export class Canary {
  readonly #options: CanaryOptions;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** One run. A credential that is accepted after its receipt is a broken promise: it is counted and logged as such. */
  async run(): Promise<void> {
    const { fork, inspect, revocations, logger, metrics } = this.#options;
    const em = fork();
    const secret = makeSecret('rka');
    const key = await this.#issue(em, secret);
    try {
      if (!(await inspect(secret))) throw new Error('The canary was refused while it was alive.');
    } finally {
      await em.remove(key).flush();
    }
    const receipt = await revocations.settle(apiKeyTag(key.id), this.#options.clock.now());
    metrics.canary.observe({ propagation: receipt.propagation.toLowerCase() }, receipt.settledInMilliseconds / 1000);
    if (await inspect(secret)) {
      metrics.canaryFailures.inc();
      logger.fatal(
        { credential: key.id, receipt },
        'BROKEN PROMISE: a revoked credential was accepted after its receipt',
      );
    }
  }

  async #issue(em: EntityManager, secret: string): Promise<ApiKey> {
    const now = this.#options.clock.now();
    const key = ApiKey.create({
      id: newId('key'),
      userId: await this.#owner(em),
      workspaceId: null,
      name: 'canary',
      hint: hintOf(secret),
      secretHash: sha256Base64url(secret),
      scopes: [],
      permissions: [],
      createdAt: now,
      createdFromIp: null,
      expiresAt: new Date(now.getTime() + LIFETIME_MS),
    });
    await em.persist(key).flush();
    return key;
  }

  async #owner(em: EntityManager): Promise<string> {
    const { emails, clock } = this.#options;
    const index = { $in: emails.indexes(OWNER_EMAIL) };
    const known = await em.findOne(User, { emailIndex: index });
    if (known) return known.id;
    const id = newId('usr');
    const sealed = emails.seal(id, OWNER_EMAIL);
    // Another replica's canary may be as new as this one: the index lets one of them in.
    await em.execute(
      `insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
        values (?, ?, ?, 'Canary', 'MEMBER', '', ?) on conflict (email_index) do nothing`,
      [id, sealed.emailSealed, sealed.emailIndex, clock.now()],
    );
    return (await em.findOneOrFail(User, { emailIndex: index })).id;
  }
}
