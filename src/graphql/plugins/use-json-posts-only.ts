import type { Plugin } from 'graphql-yoga';

/**
 * Operations travel as JSON by POST and in no other way. (GraphiQL has been served before this is asked.) Forms, multipart and text could be sent by any page in a
 * browser without asking, and a GET puts the document into logs.
 */
export function useJsonPostsOnly(): Plugin {
  return {
    onRequest({ request, fetchAPI, endResponse }) {
      const refuse = (status: number, message: string, headers: Record<string, string> = {}) =>
        endResponse(
          fetchAPI.Response.json(
            { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] },
            { status, headers },
          ),
        );
      if (request.method !== 'POST') {
        refuse(405, 'GraphQL operations are sent by POST. Open this address in a browser for GraphiQL.', {
          Allow: 'POST',
        });
        return;
      }
      const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (mediaType !== 'application/json') refuse(415, 'GraphQL operations are sent as application/json.');
      else request.headers.set('content-type', mediaType); // Yoga takes it in lower case alone.
    },
  };
}
