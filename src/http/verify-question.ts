/** What a gateway asks about a credential, or why the question is rejected. */
export type Question = { permissions: readonly string[]; yes: 200 | 204 } | { problem: string };

const WHO_IS_IT: Question = { permissions: [], yes: 204 };

/** A longer name, or one with other characters, is not repeated: a response must not grow with the request. */
const REPEATABLE = /^[A-Za-z0-9_.-]{1,32}$/;

/**
 * Reads the question from the URL of `/v1/verify`. `permission` may be repeated. Every other parameter is rejected: a
 * misspelled restriction must not mean "no restriction".
 *
 * Envoy appends the path of the client's request to its `path_prefix`, and only 200 means yes to it. So the
 * prefix ends in `path=`, e.g. `/v1/verify?permission=orders:read&path=`. Everything after it comes from the
 * client and is not read, and a yes is 200. A parameter that the operator wrote after it by mistake is rejected,
 * because a client could remove it.
 */
export function questionOf(url: string): Question {
  const query = url.indexOf('?');
  if (query < 0) return WHO_IS_IT;
  const path = /[?&]path=/.exec(url);
  const permissions: string[] = [];
  for (const [name, value] of new URLSearchParams(url.slice(query, path?.index))) {
    if (name !== 'permission') return { problem: unknownParameter(name) };
    if (value === '')
      return { problem: 'The parameter `permission` must not be empty. Name a permission, or omit the parameter.' };
    permissions.push(value);
  }
  if (!path) return { permissions, yes: 204 };
  if (isMisplaced(url.slice(path.index + '?path='.length))) {
    return { problem: '`path=` must be the last parameter. The client controls everything after it.' };
  }
  return { permissions, yes: 200 };
}

/**
 * Whether the operator wrote parameters after `path=`. The path of a client begins with a slash and has its own query.
 */
function isMisplaced(path: string): boolean {
  if (path.startsWith('&')) return true;
  const written = path.split('?', 1)[0]!;
  const next = written.indexOf('&');
  return next >= 0 && new URLSearchParams(written.slice(next)).has('permission');
}

function unknownParameter(name: string): string {
  const which = REPEATABLE.test(name) ? `Unknown parameter \`${name}\`.` : 'Unknown parameter.';
  return `${which} Allowed parameters: \`permission\`, and \`path\` as the last one.`;
}
