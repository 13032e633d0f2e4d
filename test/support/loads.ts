import type { Mock } from 'vitest';

/** The reads of credentials among these calls. Timers of a replica read for other reasons on the same connections. */
export function loadsIn({ mock }: { mock: Pick<Mock['mock'], 'calls'> }): string[] {
  return mock.calls.map(([statement]) => String(statement.name)).filter((name) => name.endsWith('-load'));
}
