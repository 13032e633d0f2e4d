// Loaded into a server before its own code. It answers the messages of the process that started it:
// - `cpu`: the CPU time of all threads so far;
// - `turn`: the longest turn of the event loop since the last question, in milliseconds of CPU time of the main thread,
//   which a busy machine does not change. From the first question on it watches, which takes a core.
// It ends the server when that process is gone.
let longest = 0;
let watching = false;

process.on('message', (question) => {
  if (question === 'cpu') process.send?.(process.cpuUsage());
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
