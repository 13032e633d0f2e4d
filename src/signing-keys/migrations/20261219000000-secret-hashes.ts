import { Migration } from '@mikro-orm/migrations';

/**
 * The hash of the secret of a signing key, so that a presented secret finds its key and can revoke it. It signs nothing:
 * the key of a signature is the secret itself. The start of the service adds it to keys from before.
 */
export class Migration20261219000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql('alter table signing_keys add column secret_hash text unique');
  }

  override async down(): Promise<void> {
    this.addSql('alter table signing_keys drop column secret_hash');
  }
}
