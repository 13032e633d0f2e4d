// The audit log: what an event costs the change that it belongs to, and how fast a log is chained and verified.
import { Audit } from '../../src/audit/audit.ts';
import { rejectionEvents } from '../../src/audit/rejection.events.ts';
import { Verification } from '../../src/audit/verification.ts';
import { ADVISORY_LOCKS } from '../../src/database/advisory-lock.ts';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { type App, startApp } from './in-process.ts';
import { interleave } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { median, ratios } from './statistics.ts';
import type { Row } from './table.ts';

const WRITERS = 8;
const ROUND_MS = 500;
/** A million with `BENCH_LINES=1000000`. */
const EVENTS = Number(process.env.BENCH_LINES ?? 50_000);
const BATCH = 1000;
const MILLION = 1_000_000;
const KEY: Parameters<App['services']['apiKeys']['create']>[1] = {
  ...{ name: 'bench', description: null, metadata: [], owner: 'USER', workspaceId: null },
  ...{ scopes: [], permissions: [], allowedAddresses: [], expiresAt: null, rateLimit: null, idempotencyKey: null },
};
const ORIGIN = { ipAddress: '203.0.113.7', userAgent: 'Mozilla/5.0 (bench)', requestId: 'bench' };

export async function audit(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: PostgreSQL is not on this machine.'] };
  const app = await startApp({ ...(await servers.database('audit')), REDIS_URL: '' });
  try {
    const rows = [...(await appendRows(app, servers)), ...(await verifyRows(app))];
    const rate = median(rows.at(-1)!.samples);
    const notes = [
      `${WRITERS} writers create API keys, with the chain beside them. Without audit means that \`record\` does nothing.`,
      `${EVENTS} events were verified. A million takes ${(MILLION / rate).toFixed(0)} s at this rate.`,
    ];
    return { rows, notes };
  } finally {
    await app.close();
  }
}

/** Changes per second of all writers together, with and without their events, in turns. */
async function appendRows(app: App, { administrator }: Servers): Promise<Row[]> {
  const caller = await app.services.introspect(administrator.accessToken);
  if (!caller) throw new Error('The administrator has no session.');
  const { record } = Audit.prototype;
  const without = async () => {
    Audit.prototype.record = () => undefined;
    try {
      return await writesPerSecond(app, caller);
    } finally {
      Audit.prototype.record = record;
    }
  };
  const measured = { with: () => writesPerSecond(app, caller), without };
  const samples = await interleave(measured, { rounds: 24, longestMs: 40_000 });
  const unit = 'writes/s';
  return [
    { what: `${WRITERS} writers without audit`, unit, samples: samples.without },
    {
      what: `${WRITERS} writers with audit / without`,
      ...{ unit, samples: samples.with, ratio: ratios(samples.with, samples.without), target: { atLeast: 0.7 } },
    },
  ];
}

async function writesPerSecond(app: App, caller: Principal): Promise<number> {
  const begun = performance.now();
  let written = 0;
  const write = async () => {
    while (performance.now() - begun < ROUND_MS) {
      const work = new UnitOfWork(app.database.fork(), caller, ORIGIN, async () => true);
      const outcome = await app.services.apiKeys.create(work, KEY);
      if (outcome.kind !== 'created') throw new Error(outcome.kind);
      written++;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  return (written * 1000) / (performance.now() - begun);
}

async function verifyRows(app: App): Promise<Row[]> {
  const log = new Audit(rejectionEvents, app.clock);
  const data = { count: 1, replica: 'bench' };
  // Without its lock, the service chains none of them.
  const lock = app.database.fork();
  await lock.begin();
  await lock.execute(`set local idle_in_transaction_session_timeout = '120s'`);
  await lock.execute(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.auditChain})`);
  for (let written = 0; written < EVENTS; written += BATCH) {
    const em = app.database.fork();
    for (let index = 0; index < BATCH; index++) {
      const event = {
        type: 'account.login-rejected',
        subjectId: null,
        refusedBecause: 'WRONG_PASSWORD',
        data,
      } as const;
      log.record({ em, principal: null, origin: ORIGIN }, event);
    }
    await em.flush();
  }
  await lock.commit();
  const begun = performance.now();
  await app.audit.chain.chain();
  const chained = (EVENTS * 1000) / (performance.now() - begun);
  const verified: number[] = [];
  for (const _ of [1, 2, 3]) {
    const start = performance.now();
    const { events, problemCount } = await new Verification({ fork: app.database.fork, sealer: app.sealer }).run();
    if (problemCount > 0) throw new Error('The log of the benchmark does not hold.');
    verified.push((events * 1000) / (performance.now() - start));
  }
  return [
    { what: 'chain, from a backlog', unit: 'events/s', samples: [chained] },
    { what: 'verify, personal fields included', unit: 'events/s', samples: verified },
  ];
}
