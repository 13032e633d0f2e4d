// The connection that LISTENs, over a network that loses what it likes.
import { afterEach, beforeEach, describe, inject, test } from 'vitest';
import { PostgresNotificationListener } from '../../src/database/notification-listener.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Databases, databasesAt } from '../support/postgres.ts';
import { type Direction, startProxy, type TcpProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';

const CHANNEL = 'a_bell';
const server = inject('postgresUrl');

describe.skipIf(!server)('the notification listener', () => {
  let postgres: Databases;
  let proxy: TcpProxy;
  let bell: PostgresNotificationListener;
  let rings: number;
  beforeEach(async () => {
    postgres = databasesAt(server!);
    const { hostname: host, port } = new URL(server!);
    proxy = await startProxy({ host, port: Number(port) });
    const logger = createLogger({ level: 'silent' });
    bell = new PostgresNotificationListener(proxy.url(postgres.url()), CHANNEL, logger, { checkEveryMs: 20 });
    rings = 0;
  });
  afterEach(async () => {
    await bell.close();
    await proxy.close();
  });

  const listen = () => bell.listen(() => void rings++);
  const notify = () => postgres.query(`notify ${CHANNEL}`);
  /** From here on, the answers on the first connection of which this is true are lost; those on others are not. */
  const losing = (when: (chunk: Buffer, direction: Direction) => boolean) => {
    let lost = false;
    return proxy.holdRepliesWhen((chunk, direction) => {
      if (lost || !when(chunk, direction)) return false;
      lost = true;
      return true;
    });
  };
  const listens = (chunk: Buffer, direction: Direction) =>
    direction === 'request' && chunk.includes(`listen ${CHANNEL}`);
  async function hears(): Promise<void> {
    const before = rings;
    await until('a notification rings', async () => {
      await notify();
      return rings > before;
    });
  }

  test('a LISTEN that is never answered keeps nobody from starting, and is tried again', async () => {
    void losing(listens);
    await listen();
    await hears();
  });

  test('a connection that comes back and whose LISTEN is never answered is not the last one', async () => {
    await listen();
    const lost = losing(listens);
    await postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rekey-listen'
      and pid <> pg_backend_pid()`);
    await lost;
    await hears();
  });

  test('a connection that fell silent without a word is found out, and what it lost is asked for', async () => {
    await listen();
    const before = rings;
    const lost = losing((_chunk, direction) => direction === 'reply');
    await notify();
    await lost;
    await until('it rings all the same', () => rings > before);
    await hears();
  });
});
