import type { ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

/** Prometheus' text format. */
export function createMetricsEndpoint(registry: Registry) {
  return async (response: ServerResponse): Promise<void> => {
    const text = await registry.metrics();
    response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' });
    response.end(text);
  };
}
