import type { Plugin } from 'graphql-yoga';

/** What a browser has to know about GraphiQL: whom it may talk to, and that nobody else is to see or to frame it. */
export function usePageHeaders(contentSecurityPolicy: string): Plugin {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy,
    'Content-Type': 'text/html; charset=utf-8',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
  };
  return {
    onResponse({ response }) {
      if (!response.headers.get('Content-Type')?.startsWith('text/html')) return;
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    },
  };
}
