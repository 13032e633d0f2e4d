import { defineConfig } from '@mikro-orm/postgresql';
import { modelOf, ormOptions } from './src/database/orm.ts';
import { addressIn, connectionTo } from './src/database/session-settings.ts';
import { features } from './src/features.ts';

const url = process.env.DATABASE_DIRECT_URL ?? process.env.DATABASE_URL ?? 'postgresql://localhost:5432/rekey';

/** For the MikroORM CLI: `npx mikro-orm migration:list` and the likes. The service builds its own, from the same options. */
export default defineConfig({
  ...ormOptions(modelOf(features)),
  clientUrl: addressIn(url),
  driverOptions: connectionTo(url, { applicationName: 'rekey-mikro-orm' }),
});
