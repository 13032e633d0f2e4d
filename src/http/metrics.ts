import type { ServerResponse } from 'node:http';

/** Prometheus' text format. */
export function createMetricsEndpoint(scrape: () => Promise<string>, contentType: string) {
  return async (response: ServerResponse): Promise<void> => {
    const text = await scrape();
    response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
    response.end(text);
  };
}
