import { parseConnectionUrl } from '../kernel/connection-url.ts';

/** The problem with the URL of a Redis server, as text that follows the name of its variable; null if it is valid. */
export function redisUrlProblem(text: string): string | null {
  const example = 'as in redis://host:6379/0';
  const url = parseConnectionUrl(text, ['redis:', 'rediss:'], example);
  if (typeof url === 'string') return url;
  if (!url.hostname) return `must name a host, ${example}.`;
  if (!/^\/?$|^\/\d{1,5}$/.test(url.pathname)) return `has a path that is not the number of a database, ${example}.`;
  return url.search ? 'has parameters after `?`. A Redis URL has none.' : null;
}
