import { Migration } from '@mikro-orm/migrations';
import { enableAlways } from '../../database/triggers.ts';

/**
 * The public half of a JWT key never changes: its id is its thumbprint (RFC 7638), and replicas keep it for as long as
 * the id is known. To revoke a key, delete it. The deletion propagates to every replica.
 */
export class Migration20261126000100 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create function auth_refuse_public_jwk() returns trigger language plpgsql as $$
      begin
        raise exception 'The public half of a key never changes. Delete the key: another one takes its place.';
      end
    $$`);
    this.addSql(`create trigger jwt_keys_public_jwk before update of public_jwk on jwt_keys for each row
      when (old.public_jwk is distinct from new.public_jwk) execute function auth_refuse_public_jwk()`);
    this.addSql(enableAlways({ table: 'jwt_keys', trigger: 'jwt_keys_public_jwk' }));
  }

  override async down(): Promise<void> {
    this.addSql('drop trigger jwt_keys_public_jwk on jwt_keys');
    this.addSql('drop function auth_refuse_public_jwk');
  }
}
