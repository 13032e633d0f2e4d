import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from '@mikro-orm/postgresql';
import { readConfig } from './src/config.ts';
import { modelOf, ormOptions } from './src/database/orm.ts';
import { addressIn, connectionTo } from './src/database/session-settings.ts';
import { features } from './src/features.ts';
import { ConfigError } from './src/kernel/config-error.ts';

const url = databaseUrl();

/** For the MikroORM CLI: `npx mikro-orm migration:list` and the likes. The service builds its own, from the same options. */
export default defineConfig({
  ...ormOptions(modelOf(features)),
  clientUrl: addressIn(url),
  driverOptions: connectionTo(url, { applicationName: 'rekey-mikro-orm' }),
});

/** From the same configuration as the service, `.env` included. */
function databaseUrl(): string {
  const file = fileURLToPath(new URL('.env', import.meta.url));
  if (existsSync(file)) process.loadEnvFile(file); // What the environment sets stays as it is.
  const { databaseUrl, databaseDirectUrl } = readConfig();
  const url = databaseDirectUrl ?? databaseUrl;
  if (url === null)
    throw new ConfigError(['DATABASE_URL is not set. The MikroORM CLI does not open the embedded database.']);
  return url;
}
