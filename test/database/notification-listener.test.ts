// The LISTEN connection over a network that loses packets.
import { afterEach, beforeEach, describe, inject, test } from 'vitest';
import { PostgresNotificationListener } from '../../src/database/notification-listener.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Databases, databasesAt } from '../support/postgres.ts';
import { type Direction, startProxy, type TcpProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';

const CHANNEL = 'a_channel';
const server = inject('postgresUrl');

describe.skipIf(!server)('the notification listener', () => {
  let postgres: Databases;
  let proxy: TcpProxy;
  let listener: PostgresNotificationListener;
  let notifications: number;
  beforeEach(async () => {
    postgres = databasesAt(server!);
    const { hostname: host, port } = new URL(server!);
    proxy = await startProxy({ host, port: Number(port) });
    const logger = createLogger({ level: 'silent' });
    listener = new PostgresNotificationListener(proxy.url(postgres.url()), CHANNEL, logger, { checkEveryMs: 20 });
    notifications = 0;
  });
  afterEach(async () => {
    await listener.close();
    await proxy.close();
  });

  const listen = () => listener.listen(() => void notifications++);
  const notify = () => postgres.query(`notify ${CHANNEL}`);
  /** From here on, all replies on the first connection that matches are lost. Other connections are not affected. */
  const losing = (when: (chunk: Buffer, direction: Direction) => boolean) => {
    let lost = false;
    return proxy.holdRepliesWhen((chunk, direction) => {
      if (lost || !when(chunk, direction)) return false;
      lost = true;
      return true;
    });
  };
  const isListen = (chunk: Buffer, direction: Direction) =>
    direction === 'request' && chunk.includes(`listen ${CHANNEL}`);
  async function expectNotification(): Promise<void> {
    const before = notifications;
    await until('a notification arrives', async () => {
      await notify();
      return notifications > before;
    });
  }

  test('retries a LISTEN that gets no reply, without blocking the start', async () => {
    void losing(isListen);
    await listen();
    await expectNotification();
  });

  test('reconnects again if the LISTEN on a new connection gets no reply', async () => {
    await listen();
    const lost = losing(isListen);
    await postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rekey-listen'
      and pid <> pg_backend_pid()`);
    await lost;
    await expectNotification();
  });

  test('detects a silent connection, and requests a sync for the notifications that it has lost', async () => {
    await listen();
    const before = notifications;
    const lost = losing((_chunk, direction) => direction === 'reply');
    await notify();
    await lost;
    await until('the listener requests a sync', () => notifications > before);
    await expectNotification();
  });
});
