import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ABUSIVE_REQUESTS, AbusiveClient, ORDINARY, SLOW } from '../support/abuse.ts';
import { ServerProcess } from '../support/server-process.ts';
import { verify } from './client.ts';
import { interleave } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { quantile, ratios } from './statistics.ts';
import type { Row } from './table.ts';

const ASKED = 1500;
/** The thread of the other client compiles its code during its first requests, which are not measured. */
const UNMEASURED = 300;
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
  const p99 = async (): Promise<number> => {
    const took: number[] = [];
    for (let asked = -UNMEASURED; asked < ASKED; asked++) {
      const start = performance.now();
      if ((await verify(replica.url, accessToken)) !== 204) throw new Error('A good token was refused.');
      if (asked >= 0) took.push(performance.now() - start);
    }
    return quantile(took, 0.99);
  };
  const beside = (name: string) => async (): Promise<number> => {
    const perSecond = name === RANDOM_KEY ? RANDOM_KEYS_PER_SECOND : null;
    const worker = new Worker(new URL('./abuse-worker.ts', import.meta.url), {
      workerData: { url: replica.url, name, perSecond },
    });
    await once(worker, 'message');
    try {
      return await p99();
    } finally {
      await worker.terminate();
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
        'one client sends requests of this kind, each as soon as the one before it is answered; random keys: 100 000 a minute',
        'slow headers and bodies: 500 connections, each of which sends a byte every 100 ms',
      ],
    };
  } finally {
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
