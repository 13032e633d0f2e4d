/** The URL, or the problem with it. The value may hold a password, so the text repeats no part of it. */
export function parseConnectionUrl(text: string, protocols: string[], example: string): URL | string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to refuse
  if (/[\s\u0000-\u0020\u007f]/.test(text))
    return 'contains white space. Write a space as %20, and remove white space around the URL.';
  if (!isPercentEncoded(text)) return 'contains a `%` that is not part of a percent-encoding. Write `%` as %25.';
  if (text.includes('%00')) return 'contains %00, which is not allowed in names and passwords.';
  if (text.includes('#')) return 'contains a `#`. Write it as %23.';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !protocols.includes(url.protocol)) {
    const beginnings = protocols.map((protocol) => `${protocol}//`).join(' or ');
    const hint = 'In a password, write `/` as %2F, `?` as %3F, `@` as %40 and `:` as %3A.';
    return `must be a URL that starts with ${beginnings}, ${example}. ${hint}`;
  }
  if (url.port === '0') return 'has the port 0. Use a number from 1 to 65535.';
  return url;
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
