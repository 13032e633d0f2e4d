import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy } from '../support/proxy.ts';
import { emptyDirectory, startServer } from '../support/server-process.ts';

test.skipIf(inject('postgresUrl') === null)(
  'a database that does not answer twice during a start delays the start, and the replica is registered once',
  async () => {
    const direct = await migratedDatabase();
    const { hostname, port, pathname } = new URL(direct);
    const proxy = await startProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    let registrations = 0;
    const held = proxy.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && chunk.includes('replica-register') && ++registrations <= 2,
    );
    const server = startServer(emptyDirectory(), {
      DATABASE_URL: proxy.url(direct),
      REKEY_MASTER_KEY: randomBytes(32).toString('base64'),
    });
    await held;
    const url = await server.ready();
    expect(registrations).toBeGreaterThan(2);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const rows = await databasesAt(direct).query('select id from auth_replica', [], pathname.slice(1));
    expect(rows).toHaveLength(1);
  },
);
