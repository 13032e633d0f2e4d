// Random runs: single commands, and short stories.
import fc from 'fast-check';
import type { Command } from './commands.ts';
import type { StoreState } from './shared-store.ts';
import { stories } from './stories.ts';
import { clockStep, key, leaseMs, mishap, ms, on, statement, tag } from './values.ts';

const single: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), ms }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('verify' as const), on, key }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('revoke' as const), on, tag }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sql' as const), tag, active: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      on,
      how: fc.constantFrom<'stopped' | 'asleep'>('stopped', 'asleep'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom<'resume' | 'heal' | 'crash' | 'leave' | 'purge' | 'dropNotifications'>(
        ...(['resume', 'resume', 'heal', 'heal', 'crash', 'leave', 'purge', 'dropNotifications'] as const),
      ),
      on,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('boot' as const), on, leaseMs }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      on,
      state: fc.constantFrom<'cut' | 'silent'>('cut', 'silent'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('fault' as const), on, statement, mishap, ms, times: fc.nat({ max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      state: fc.constantFrom<StoreState | 'flush' | 'putBack'>(
        'ok',
        'down',
        'hung',
        'chaos',
        'chaos',
        'flush',
        'putBack',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'trim' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setClock' as const),
      on: fc.oneof(on, fc.constant('database' as const)),
      ms: clockStep,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('database' as const),
      what: fc.constantFrom<'restart' | 'failOver' | 'restore'>('restart', 'failOver', 'restore'),
      downMs: ms,
      behindMs: ms,
    }),
  },
);

export const runs = fc.record({
  seed: fc.integer(),
  machines: fc.integer({ min: 2, max: 4 }),
  commands: fc
    .array(fc.oneof({ weight: 12, arbitrary: single.map((command) => [command]) }, ...stories), {
      maxLength: 10,
      size: 'max',
    })
    .map((parts) => parts.flat()),
});
