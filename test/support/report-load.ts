// Preloaded into a server. Answers messages of the process that started it:
// - `cpu`: the CPU time of all threads so far;
// - `memory`: what the process holds, after a garbage collection;
// - `resources`: the handles, requests and timers that are active, by kind;
// - `main`: the CPU time of the main thread so far, in milliseconds;
// - `turn`: the longest turn of the event loop since the last question, in milliseconds of CPU time of the main thread,
//   which a busy machine does not change. It measures from the first question on, which takes a core.
// Ends the server when that process has ended.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let longest = 0;
let watching = false;

process.on('message', (question) => {
  if (question === 'cpu') process.send?.(process.cpuUsage());
  if (question === 'memory') process.send?.(memory());
  if (question === 'resources') process.send?.(resources());
  if (question === 'main') process.send?.(mainThreadMs());
  if (question !== 'turn') return;
  process.send?.(longest);
  longest = 0;
  if (!watching) watch(mainThreadMs());
});
process.on('disconnect', () => process.exit());

function watch(before: number): void {
  watching = true;
  const now = mainThreadMs();
  longest = Math.max(longest, now - before);
  setImmediate(watch, now);
}

function mainThreadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function resources(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) found[kind] = (found[kind] ?? 0) + 1;
  return found;
}

function memory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect(); // Buffers that the first one found are released while it runs or by the next one.
  return process.memoryUsage();
}
