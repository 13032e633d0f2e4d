import { accessSync, constants, statSync } from 'node:fs';
import pg from 'pg';
import { parseConnectionUrl } from '../kernel/connection-url.ts';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const SSL_FILES = ['sslcert', 'sslkey', 'sslrootcert'];

/** The problem with the URL of a PostgreSQL server, as text that follows the name of its variable; null if it is valid. */
export function databaseUrlProblem(text: string): string | null {
  const example = 'as in postgresql://user:password@host:5432/database';
  const url = parseConnectionUrl(text, ['postgres:', 'postgresql:'], example);
  if (typeof url === 'string') return url;
  const parameters = url.searchParams;
  const host = parameters.get('host') || decodeURIComponent(url.hostname);
  if (!host)
    return `must name a host, ${example}, or the folder of a socket: postgresql:///database?host=/run/postgresql.`;
  if (host.includes(',')) return 'must name one host. A list of hosts is not supported.';
  if (!/^\/[^/]+$/.test(url.pathname)) return `must name one database, ${example}.`;
  const port = parameters.get('port');
  if (port !== null && !isPort(port)) return 'has a parameter `port` that is not a number from 1 to 65535.';
  const mode = parameters.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) {
    return `has an unknown \`sslmode\`. Use one of ${SSL_MODES.join(', ')}.`;
  }
  const repeated = [...parameters.keys()].find((name, index, names) => names.indexOf(name) !== index);
  if (repeated !== undefined) return 'has the same parameter twice. Remove one.';
  const missing = SSL_FILES.find((name) => parameters.has(name) && !isReadable(parameters.get(name) as string));
  if (missing) return `has a parameter \`${missing}\` that names no readable file.`;
  return isUnderstood(text) ? null : 'has parameters that the driver rejects. Check the TLS parameters.';
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** Whether the driver can read the URL. The error message of the driver is not used: it repeats parts of the URL. */
function isUnderstood(url: string): boolean {
  try {
    new pg.Client({ connectionString: url });
    return true;
  } catch {
    return false;
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
