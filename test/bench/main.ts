// `npm run bench`, or one group of it: `npm run bench -- authentication`.
import { availableParallelism, cpus, loadavg } from 'node:os';
import { abuse } from './abuse.ts';
import { audit } from './audit.ts';
import { authentication } from './authentication.ts';
import { coalescing } from './coalescing.ts';
import { hostile } from './hostile.ts';
import { http } from './http.ts';
import { importOfKeys } from './import.ts';
import { keys } from './keys.ts';
import { live } from './live.ts';
import { rates } from './rates.ts';
import { revocation } from './revocation.ts';
import { sealed } from './sealed.ts';
import { type Servers, startServers } from './servers.ts';
import { sessions } from './sessions.ts';
import { signing } from './signing.ts';
import { soak } from './soak.ts';
import { type Row, table } from './table.ts';
import { verifier } from './verifier.ts';

/** The result of one group: its rows, and notes for the reader. */
export interface Report {
  rows: Row[];
  notes: string[];
}

const GROUPS: Record<string, (servers: Servers | null) => Promise<Report>> = {
  authentication,
  sessions,
  http,
  revocation,
  live,
  hostile,
  abuse,
  signing,
  rates,
  sealed,
  audit,
  verifier,
  keys,
  coalescing,
  import: importOfKeys,
  soak,
};
/** Groups that run only if they are asked for, because they take long. */
const APART = ['soak'];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  print(`There is no group ${unknown.join(', ')}: ${Object.keys(GROUPS).join(', ')}.`);
  process.exit(2);
}

const started = performance.now();
const load = loadavg().map((value) => value.toFixed(1));
print(
  `Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? '?'}), load ${load.join(' ')}`,
);
const servers = await startServers();
if (!servers) print('SKIPPED: everything on PostgreSQL and Redis, for one of them is not on this machine.');
try {
  for (const [name, run] of Object.entries(GROUPS)) {
    if (asked.length > 0 ? !asked.includes(name) : APART.includes(name)) continue;
    const start = performance.now();
    const { rows, notes } = await run(servers);
    print(`\n${name} (${seconds(start)} s)\n${[table(rows), ...notes].join('\n')}`);
  }
} finally {
  await servers?.destroy();
}
print(`\n${seconds(started)} s in all`);
process.exit(); // Do not wait for what a failed group has left open.

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
