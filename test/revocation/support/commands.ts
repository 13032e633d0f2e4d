// What may happen, as data, so that a run can be printed, repeated and shrunk.
import type { Mishap } from './network.ts';
import type { StoreState } from './shared-store.ts';
import { LONG_LEASE_MS, type World } from './world.ts';

export type Command =
  | { do: 'pass'; ms: number }
  | { do: 'verify'; on: number; key: string }
  | { do: 'revoke'; on: number; tag: string }
  | { do: 'sql'; tag: string; active: boolean }
  | { do: 'pause'; on: number; how: 'stopped' | 'asleep' }
  | { do: 'resume' | 'heal' | 'crash' | 'leave' | 'purge' | 'dropNotifications'; on: number }
  | { do: 'boot'; on: number; leaseMs: number }
  | { do: 'link'; on: number; state: 'cut' | 'silent' }
  | { do: 'fault'; on: number; statement: string | null; mishap: Mishap; ms: number; times: number }
  | { do: 'store'; state: StoreState | 'flush' | 'putBack' }
  | { do: 'trim' }
  | { do: 'setClock'; on: number | 'database'; ms: number }
  | { do: 'database'; what: 'restart' | 'failOver' | 'restore'; downMs: number; behindMs: number };

export async function perform(world: World, command: Command): Promise<void> {
  const { timeline, database, store } = world;
  const machine =
    world.machines['on' in command ? Number(command.on) % world.machines.length : 0] ?? world.machines[0]!;
  switch (command.do) {
    case 'pass':
      return timeline.pass(command.ms);
    case 'verify':
      return world.verify(machine, command.key);
    case 'revoke':
      return world.revoke(machine, command.tag);
    case 'sql':
      return database.down ? undefined : database.change(command.tag, command.active);
    case 'pause':
      return machine.process.pause(command.how, LONG_LEASE_MS);
    case 'resume':
      return machine.process.resume();
    case 'crash':
      return world.crash(machine);
    case 'leave':
      return world.leave(machine);
    case 'boot':
      world.crash(machine);
      return world.boot(machine, command.leaseMs);
    case 'purge':
      return world.purge(machine);
    case 'dropNotifications':
      machine.dropsNotifications = true;
      return;
    case 'link':
      machine.network.state = command.state;
      return;
    case 'fault':
      machine.network.faults.push({ ...command, milliseconds: command.ms });
      return;
    case 'heal':
      machine.dropsNotifications = false;
      return machine.network.heal();
    case 'store':
      if (command.state === 'flush') return store.flush();
      if (command.state === 'putBack') return store.putBack();
      store.state = command.state;
      return;
    case 'trim':
      return database.trim();
    case 'setClock':
      if (command.on === 'database') {
        database.wallOffset += command.ms;
        database.wallWasSet = true;
      } else machine.process.setClock(command.ms, LONG_LEASE_MS);
      return;
    case 'database': {
      const { what, downMs, behindMs } = command;
      database.stop();
      timeline.in(downMs, null, () => {
        if (what === 'restart') database.start();
        else if (what === 'failOver') database.failOver(behindMs);
        else database.restore(behindMs);
      });
      return;
    }
  }
}
