import { chmodSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';

/** The owner and the group of the process may connect. */
const MODE = 0o660;

/** Lets the owner and the group of the file connect to a socket that was just created. */
export function restrictSocket(path: string): void {
  chmodSync(path, MODE);
}

/**
 * Removes the file of a socket that a process has left behind, for instance after a crash. A socket on which a process
 * listens stays, and so does any other file.
 *
 * @returns whether the path is free
 */
export async function clearStaleSocket(path: string): Promise<boolean> {
  if (!isSocket(path)) return !exists(path);
  if (await isLive(path)) return false;
  // Two processes may start at the same time: one of them may listen by now, on a new file with this name. So the file
  // gets a name of its own first, and is asked once more.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const isOfAnother = await isLive(aside);
  if (isOfAnother) linkSync(aside, path);
  rmSync(aside);
  return !isOfAnother;
}

/** Whether a process accepts connections there. Anything but a refusal counts as one, for example a full queue. */
function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

const exists = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isSocket = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
