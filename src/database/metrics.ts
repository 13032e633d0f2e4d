import { Gauge, type Registry } from 'prom-client';

/** The connections of one pool at a moment. */
export interface PoolState {
  readonly pool: string;
  readonly busy: number;
  readonly idle: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
  /** The largest number of connections. */
  readonly limit: number;
}

/** Exposes the pools of connections. The embedded database has none. */
export function exposePools(registry: Registry, states: () => readonly PoolState[]): void {
  const registers = [registry];
  new Gauge({
    name: 'rekey_database_connections',
    help: 'Open connections to PostgreSQL by pool and state.',
    labelNames: ['pool', 'state'] as const,
    registers,
    collect() {
      for (const { pool, busy, idle } of states()) {
        this.set({ pool, state: 'busy' }, busy);
        this.set({ pool, state: 'idle' }, idle);
      }
    },
  });
  new Gauge({
    name: 'rekey_database_connections_limit',
    help: 'The largest number of connections of a pool.',
    labelNames: ['pool'] as const,
    registers,
    collect() {
      for (const { pool, limit } of states()) this.set({ pool }, limit);
    },
  });
  new Gauge({
    name: 'rekey_database_waiting',
    help: 'Statements that wait for a connection of a pool.',
    labelNames: ['pool'] as const,
    registers,
    collect() {
      for (const { pool, waiting } of states()) this.set({ pool }, waiting);
    },
  });
}
