import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { ABUSIVE_REQUESTS, AbusiveClient, ORDINARY, SLOW } from '../support/abuse.ts';
import { ServerProcess } from '../support/server-process.ts';
import { interleave } from './interleave.ts';
import { Load } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { quantile, ratios } from './statistics.ts';
import type { Row } from './table.ts';

/** How long the latency is measured in one round: thousands of requests. */
const ROUND_MS = 1000;
const RANDOM_KEY = 'a random key';
/** 100 000 in a minute. */
const RANDOM_KEYS_PER_SECOND = 100_000 / 60;

/** The latency of one client beside another one that sends nothing but requests of one kind, each after the other. */
export async function abuse(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['abuse: needs PostgreSQL and Redis'] };
  const environment = await servers.database('abuse');
  const turns = await turnRows(environment);
  const replica = await ServerProcess.replica(environment);
  const { accessToken } = servers.administrator;
  // Sockets without a client library: the garbage collection of a library would be most of the slowest hundredth.
  const client = await new Load(replica, {
    path: '/v1/verify',
    headers: { Authorization: `Bearer ${accessToken}` },
    status: 204,
  }).open(1);
  const p99 = async () => quantile(await client.latencies(ROUND_MS), 0.99);
  const beside = (name: string) => async (): Promise<number> => {
    const perSecond = name === RANDOM_KEY ? RANDOM_KEYS_PER_SECOND : null;
    const argument = JSON.stringify({ url: replica.url, name, perSecond });
    const abuser = fork(new URL('./abuser.ts', import.meta.url), [argument]);
    // It gets the CPU time that the service and this client leave. A client elsewhere would take none from them.
    setPriority(abuser.pid!, constants.priority.PRIORITY_LOW);
    const ended = once(abuser, 'exit');
    try {
      const begun = await Promise.race([once(abuser, 'message'), ended.then(() => null)]);
      if (begun === null) throw new Error(`${name}: the abusive client has ended.`);
      const measured = await p99();
      if (abuser.exitCode !== null) throw new Error(`${name}: the abusive client has ended.`);
      return measured;
    } finally {
      abuser.kill();
      await ended;
    }
  };
  const names = [...ABUSIVE_REQUESTS.map(({ name }) => name), ...Object.keys(SLOW)];
  try {
    const contestants = Object.fromEntries([ORDINARY.name, ...names].map((name) => [name, beside(name)]));
    const { alone, ...samples } = await interleave<string, number>(
      { alone: p99, ...contestants },
      { rounds: 4, warmUp: 1 },
    );
    const ordinary = samples[ORDINARY.name]!;
    return {
      rows: [
        ...turns,
        { what: 'verify p99, alone', unit: 'ms', samples: alone! },
        {
          what: 'verify p99, beside ordinary operations / alone',
          unit: 'ms',
          samples: ordinary,
          ratio: ratios(ordinary, alone!),
        },
        ...names.map(
          (name): Row => ({
            what: `verify p99, beside ${name} / ordinary operations`,
            unit: 'ms',
            samples: samples[name]!,
            ratio: ratios(samples[name]!, ordinary),
            target: { atMost: 2 },
          }),
        ),
      ],
      notes: [
        'longest turn: CPU time of the main thread in one turn of the event loop, which the load of the machine does not change',
        'one client of the lowest priority sends requests of this kind, each as soon as the one before it is answered; random keys: 100 000 a minute',
        'slow headers and bodies: 500 connections, each of which sends a byte every 100 ms',
      ],
    };
  } finally {
    client.close();
    await replica.stop();
  }
}

/** How long each kind of request occupies the event loop: so long another client waits. */
async function turnRows(environment: Record<string, string>): Promise<Row[]> {
  const replica = await ServerProcess.replica(environment);
  const client = new AbusiveClient(replica.url);
  try {
    const rows: Row[] = [];
    for (const request of [ORDINARY, ...ABUSIVE_REQUESTS]) {
      const samples: number[] = [];
      for (let tried = -20; tried < 20; tried++) {
        await replica.longestTurn();
        await client.send(request);
        const turn = await replica.longestTurn();
        if (tried >= 0) samples.push(turn);
      }
      rows.push({ what: `longest turn, ${request.name}`, unit: 'ms', samples, target: { atMost: 5 } });
    }
    return rows;
  } finally {
    client.close();
    await replica.stop();
  }
}
