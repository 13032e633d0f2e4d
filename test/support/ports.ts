// What everything that listens during a test needs: a port of its own, and an end that comes by itself.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

// Below every ephemeral range (Linux starts at 32768, macOS at 49152): while a server is stopped, no outgoing
// connection can be given its port, so starting again on the same one works.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const handedOut = new Set<number>();

/** A port on 127.0.0.1 on which nobody listens. Never the same one twice in one process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`No free port between ${FIRST_PORT} and ${LAST_PORT}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

// Holds nothing but a pipe to us. However we end, by SIGKILL too, the pipe closes and the server goes with us.
// The process id is read at that moment, so a server that was restarted meanwhile is found.
const REAPER = `
while read -r _; do :; done
pid=$(head -n 1 "$2" 2>/dev/null) || pid=
if [ -n "$pid" ]; then
  kill -CONT "$pid" 2>/dev/null
  kill "-$3" "$pid" 2>/dev/null
  i=0
  while kill -0 "$pid" 2>/dev/null && [ "$i" -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
  kill -KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
`;

/**
 * When this process is gone, for whatever reason, sends `signal` to the process whose id is in `pidFile` and removes
 * `directory`. The answer calls it off: the directory is removed already, or will be by the caller.
 */
export function reapWhenWeAreGone(directory: string, pidFile: string, signal: 'QUIT' | 'TERM' | 'KILL'): () => void {
  const reaper = spawn('/bin/sh', ['-c', REAPER, 'reaper', directory, pidFile, signal], {
    detached: true, // Ctrl-C in a terminal goes to the whole group: the one who cleans up must not be in it
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.on('error', () => undefined);
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
  return () => reaper.kill('SIGKILL');
}
