import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ADMINISTRATOR } from './client.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
/** A million with `BENCH_LINES=1000000`. */
const LINES = Number(process.env.BENCH_LINES ?? 50_000);
const FEW = 1000;

/**
 * The import of keys by the command itself: the rate without the start of the process, and the peak memory for many and
 * for few lines.
 */
export async function importOfKeys(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: the import of keys'] };
  const environment = await servers.database('import');
  const directory = await mkdtemp(join(tmpdir(), 'rekey-bench-'));
  try {
    const few = await run(environment, await fileOf(directory, { lines: FEW, from: 0 }));
    const many = await run(environment, await fileOf(directory, { lines: LINES, from: FEW }));
    const rate = LINES / ((many.ms - few.ms) / 1000);
    return {
      rows: [
        { what: `import of ${LINES} keys`, unit: 'keys/s', samples: [rate] },
        { what: '  peak memory', unit: 'MiB', samples: [many.peakMiB] },
        { what: `  peak memory of ${FEW} keys beside it`, unit: 'MiB', samples: [few.peakMiB] },
      ],
      notes: [],
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fileOf(directory: string, { lines, from }: { lines: number; from: number }): Promise<string> {
  const path = join(directory, `keys-${lines}.jsonl`);
  const file = createWriteStream(path);
  for (let index = from; index < from + lines; index++) {
    const hash = createHash('sha256').update(`key ${index}`).digest('hex');
    const key = {
      name: `key ${index}`,
      owner: ADMINISTRATOR.email,
      hash,
      scopes: ['API_KEYS_READ'],
      permissions: ['a.b'],
    };
    if (!file.write(`${JSON.stringify(key)}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return path;
}

/** Runs the command, which prints its peak memory at its end. */
async function run(env: Record<string, string>, path: string): Promise<{ ms: number; peakMiB: number }> {
  const last = `process.on('exit', () => process.stdout.write('peak ' + process.resourceUsage().maxRSS + '\\n'))`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(last)}`, MAIN, 'import', 'keys', path];
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const [, kibibytes] = /^peak (\d+)$/m.exec(out) ?? [];
  if (code !== 0 || kibibytes === undefined) throw new Error(`The import ended with ${code}: ${out}`);
  return { ms: performance.now() - start, peakMiB: Number(kibibytes) / 1024 };
}
