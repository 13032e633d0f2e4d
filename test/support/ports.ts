// A free port for each server of a test, and a process that ends the server with the test run.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

// Below every ephemeral range (Linux starts at 32768, macOS at 49152). While a server is stopped, no outgoing connection
// can get its port, so the server can start again on the same port.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const handedOut = new Set<number>();

/** A port on 127.0.0.1 on which no process listens. A process never gets the same one twice. */
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

// Holds only a pipe to this process. When this process ends, even by SIGKILL, the pipe closes and the script ends the
// server. It reads the process id at that moment, so that it finds a restarted server.
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
 * When this process ends for any reason, sends `signal` to the process whose id is in `pidFile` and removes `directory`.
 * The returned function cancels this, after which the caller removes the directory.
 */
export function reapAtExit(directory: string, pidFile: string, signal: 'QUIT' | 'TERM' | 'KILL'): () => void {
  const reaper = spawn('/bin/sh', ['-c', REAPER, 'reaper', directory, pidFile, signal], {
    detached: true, // Ctrl-C in a terminal signals the whole group, which must not include the reaper
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.on('error', () => undefined);
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
  return () => reaper.kill('SIGKILL');
}
