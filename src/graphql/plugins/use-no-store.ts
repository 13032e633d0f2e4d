import type { Plugin } from 'graphql-yoga';

/** Answers carry secrets or depend on one: nobody may keep them. */
export function useNoStore(): Plugin {
  return {
    onResponse({ response }) {
      response.headers.set('Cache-Control', 'no-store'); // Also over the `no-cache` that Yoga gives to event streams.
    },
  };
}
