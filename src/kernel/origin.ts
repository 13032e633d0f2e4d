/**
 * The origin of a web page (RFC 6454 §6.2) in one spelling: scheme, host in lower case, and a port that is not the default
 * one. Null if the text is no origin of a web page, such as `null`, `*` or a URL with a path.
 *
 * @example originOf('HTTPS://App.example:443') // 'https://app.example'
 */
export function originOf(text: string): string | null {
  if (text.length > LONGEST || !/^https?:\/\/[^/?#@\\\s]+$/i.test(text)) return null;
  try {
    return new URL(text).origin;
  } catch {
    return null;
  }
}

const LONGEST = 300;
