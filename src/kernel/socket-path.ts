/** The longest path of a Unix socket that every system accepts, in bytes. */
const LONGEST = 103;

/** Among the trusted proxies: every peer on the Unix socket. It has no address, and the file decides who may connect. */
export const UNIX_PEERS = 'unix';

/** Whether the place to listen on is the path of a Unix socket, and not a host. */
export const isSocketPath = (host: string): boolean => host.startsWith('/');

/** The problem with such a path, as text that follows the name of its variable; null if it is valid. */
export function socketPathProblem(path: string): string | null {
  if (Buffer.byteLength(path) > LONGEST)
    return `must have at most ${LONGEST} bytes, if it is the path of a Unix socket.`;
  if (path.trim() !== path || path.endsWith('/')) return 'must be the path of a Unix socket, not of a folder.';
  return null;
}
