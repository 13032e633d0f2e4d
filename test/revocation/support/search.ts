import fc from 'fast-check';
import type { Code } from './code.ts';
import { perform } from './commands.ts';
import { runs } from './runs.ts';
import { LEASE_MS, World } from './world.ts';

/** The property that no run breaks a promise. Without receipts, only the answers to requests are checked. */
export function promiseOf(code: Code, { receipts }: { receipts: boolean }) {
  return fc.asyncProperty(runs, async ({ seed, machines, commands }) => {
    const world = new World(code, seed, machines);
    world.checksReceipts = receipts;
    world.database.leasesAreAlike = !commands.some((command) => command.do === 'boot' && command.leaseMs !== LEASE_MS);
    await world.timeline.holding(async () => {
      for (const command of commands) await perform(world, command);
      await world.recover();
    });
  });
}
