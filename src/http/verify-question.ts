/** What a gateway asks about a credential, or why the question is refused. */
export type Question = { permissions: readonly string[]; yes: 200 | 204 } | { problem: string };

const WHO_IS_IT: Question = { permissions: [], yes: 204 };

/** A longer name, or one of other characters, is not repeated: answers do not grow with what was sent. */
const REPEATABLE = /^[A-Za-z0-9_.-]{1,32}$/;

/**
 * Reads the question from the URL of `/v1/verify`. `permission` may be repeated. Every other parameter is refused: a
 * misspelt restriction must not mean "no restriction".
 *
 * Envoy appends the path it asks about to its `path_prefix`, and takes nothing but 200 for a yes. Its prefix ends in
 * `path=`, e.g. `/v1/verify?permission=orders:read&path=`: everything that follows belongs to the client and is not
 * read, and a yes is 200. What the operator put behind it by mistake is refused: a client could make it disappear.
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

/** Whether the operator wrote on after `path=`. The path of a client begins with a slash and has a query of its own. */
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
