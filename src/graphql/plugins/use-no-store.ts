import type { Plugin } from 'graphql-yoga';

/** Answers carry secrets or depend on one: nobody may keep them. */
export function useNoStore(): Plugin {
  return {
    onResponse({ response }) {
      if (!response.headers.has('Cache-Control')) response.headers.set('Cache-Control', 'no-store');
    },
  };
}
