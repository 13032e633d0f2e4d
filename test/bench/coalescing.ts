// What a shared execution saves, and what it costs a query that no other request shares. A query that selects `viewer` beside
// the list shares nothing, and costs no further I/O.
import { ServerProcess } from '../support/server-process.ts';
import { INSERT_KEYS, keyRows, newKeys } from './client.ts';
import { interleave } from './interleave.ts';
import { Load, type LoadSample } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row } from './table.ts';

const CONNECTIONS = 32;
const ROUND_MS = 400;
const EFFORT = { rounds: 20, warmUp: 4 };
/** So many that none of them asks twice within the second for which a result is kept. */
const KEYS = 3000;
const LIST = 'apiKeys(first: 20) { nodes { id name status expiresAt user { id displayName } } }';

export async function coalescing(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: shared executions'] };
  const environment = await servers.database('coalescing');
  const keys = newKeys(KEYS);
  await servers.fill('coalescing', [[INSERT_KEYS, keyRows(servers.administrator, keys)]]);
  const replica = await ServerProcess.replica(environment);
  const open: Load[] = [];
  try {
    let next = 0;
    const load = async (query: string, secret: () => string) => {
      const shot = {
        method: 'POST',
        path: '/graphql',
        headers: () => ({ 'Content-Type': 'application/json', Authorization: `Bearer ${secret()}` }),
        body: JSON.stringify({ query }),
        status: 200,
      };
      const opened = await new Load(replica, shot).open(CONNECTIONS);
      open.push(opened);
      return () => opened.round(ROUND_MS);
    };
    const one = () => keys[0]!.secret;
    const each = () => keys[next++ % KEYS]!.secret;
    const [shared, unshared] = [`{ ${LIST} }`, `{ ${LIST} viewer { scopes } }`];
    const herd = await interleave({ unshared: await load(unshared, one), shared: await load(shared, one) }, EFFORT);
    const lone = await interleave({ unshared: await load(unshared, each), shared: await load(shared, each) }, EFFORT);
    return {
      rows: [
        ...rowsOf('one credential, nothing shared', herd.unshared),
        ...rowsOf('one credential, shared / nothing shared', herd.shared, herd.unshared),
        ...rowsOf('3000 credentials, nothing shared', lone.unshared),
        ...rowsOf('3000 credentials, nothing to share / nothing shared', lone.shared, lone.unshared),
      ],
      notes: [`apiKeys(first: 20); ${CONNECTIONS} keep-alive connections; rounds of ${ROUND_MS} ms, taking turns`],
    };
  } finally {
    for (const load of open) load.close();
    await replica.stop();
  }
}

function rowsOf(what: string, samples: LoadSample[], against?: LoadSample[]): Row[] {
  const perSecond = samples.map((sample) => sample.perSecond);
  const cpu = samples.map((sample) => sample.cpu);
  const ratio = (of: (sample: LoadSample) => number) => against && { ratio: ratios(samples.map(of), against.map(of)) };
  return [
    { what, unit: 'requests/s', samples: perSecond, ...ratio((sample) => sample.perSecond) },
    { what: '  CPU of the server', unit: 'µs', samples: cpu, ...ratio((sample) => sample.cpu) },
  ];
}
