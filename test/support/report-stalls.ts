// Loaded into a server before its own code. It answers each message with the longest turn of the event loop since the
// last one, in milliseconds of CPU time of the main thread: a busy machine does not change it.
if (process.send) {
  let longest = 0;
  let before = cpu();
  const turn = () => {
    const now = cpu();
    longest = Math.max(longest, now - before);
    before = now;
    setImmediate(turn);
  };
  process.on('message', () => {
    process.send?.({ longestMs: longest });
    longest = 0;
  });
  process.on('disconnect', () => process.exit());
  turn();
}

function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
