// Short stories that random commands would rarely form. Any commands may come before, between and after them.
import fc from 'fast-check';
import type { Command } from './commands.ts';
import { about, key, mishap, ms, on, silence, small } from './values.ts';
import { LEASE_MS, LONG_LEASE_MS, tagsOf } from './world.ts';

/** Makes a machine silent, in one of four ways. */
function silenced(index: number, how: 'cut' | 'silent' | 'stopped' | 'asleep'): Command {
  if (how === 'cut' || how === 'silent') return { do: 'link', on: index, state: how };
  return { do: 'pause', on: index, how };
}

const pass = (milliseconds: number): Command => ({ do: 'pass', ms: milliseconds });
const verify = (index: number, which: string): Command => ({ do: 'verify', on: index, key: which });
const revoke = (index: number, which: string): Command => ({ do: 'revoke', on: index, tag: `key:${which}` });
const enable = (which: string): Command[] =>
  tagsOf(which).map((each) => ({ do: 'sql', tag: each, active: true }) as const);
/** A change that concerns no key under test, and that every replica applies. */
const change = (which: string): Command[] => [
  { do: 'sql', tag: `key:${which}`, active: false },
  { do: 'sql', tag: `key:${which}`, active: true },
];
const known = (index: number, which: string): Command[] => [...enable(which), pass(8), verify(index, which), pass(8)];

export const stories: fc.Arbitrary<Command[]>[] = [
  // A lookup whose answer is in flight while the key is revoked, and a request that joins it afterwards.
  fc
    .tuple(on, on, key, fc.double({ min: 10, max: 950, noNaN: true }), small, ms)
    .map(([r, s, k, late, before, after]) => [
      ...enable(k),
      { do: 'store', state: 'flush' },
      pass(8),
      { do: 'fault', on: r, statement: 'load', mishap: 'answerLate', ms: late, times: 1 },
      verify(r, k),
      pass(before),
      revoke(s, k),
      pass(after),
      verify(r, k),
      pass(late),
    ]),
  // A replica has cached the key and synced a moment ago, and then becomes silent.
  fc
    .tuple(on, on, key, silence, small, about(LEASE_MS))
    .map(([r, s, k, how, before, after]) => [
      ...known(r, k),
      ...change('z'),
      pass(before),
      silenced(r, how),
      revoke(s, k),
      pass(after),
      { do: 'resume', on: r },
      pass(2),
    ]),
  // A replica applies everything, but its acknowledgements are lost. It is fenced, and another key is revoked.
  fc
    .tuple(on, on, on, key, key, about(LEASE_MS * 1.01), small)
    .map(([r, s, t, k, l, wait, before]) => [
      ...known(r, l),
      { do: 'fault', on: r, statement: 'replica-acknowledge', mishap: 'requestLost', ms: 0, times: 9 },
      revoke(s, k),
      pass(wait),
      { do: 'fault', on: r, statement: 'replica-sync', mishap: 'requestLost', ms: 0, times: 9 },
      pass(before),
      revoke(t, l),
      pass(before),
      revoke(t, k),
    ]),
  // A replica acknowledges so late that a fence nearly marks it, and another fence marks it a lease later.
  fc
    .tuple(on, on, on, key, about(LEASE_MS * 1.035), about(LEASE_MS), about(LEASE_MS * 0.1))
    .map(([r, s, t, k, late, then, last]) => [
      ...known(r, k),
      { do: 'fault', on: r, statement: 'replica-acknowledge', mishap: 'requestLate', ms: late, times: 1 },
      { do: 'fault', on: r, statement: 'replica-acknowledge', mishap: 'requestLost', ms: 0, times: 9 },
      { do: 'fault', on: s, statement: 'fence-suspect', mishap: 'requestLate', ms: LEASE_MS * 0.06, times: 1 },
      revoke(s, 'y'),
      pass(late),
      revoke(t, 'z'),
      pass(then),
      silenced(r, 'silent'),
      pass(last),
      revoke(t, k),
      pass(20),
    ]),
  // Redis keeps the entry of a revoked key, and a replica starts without any memory.
  fc
    .tuple(on, on, on, key, small)
    .map(([r, s, t, k, before]) => [
      ...known(r, k),
      { do: 'boot', on: t, leaseMs: LEASE_MS },
      { do: 'fault', on: t, statement: 'replica-register', mishap: 'requestLate', ms: before * 4, times: 1 },
      pass(before),
      revoke(s, k),
      pass(before * 2),
      { do: 'store', state: 'putBack' },
      verify(t, k),
      pass(before),
      verify(t, k),
    ]),
  // A replica joins during a revocation, and its registration or its first sync is slow.
  fc
    .tuple(on, on, on, key, fc.constantFrom('replica-register', 'replica-sync'), mishap, small, small)
    .map(([r, s, t, k, which, how, late, before]) => [
      ...known(r, k),
      { do: 'boot', on: t, leaseMs: LEASE_MS },
      { do: 'fault', on: t, statement: which, mishap: how === 'crash' ? 'answerLate' : how, ms: late, times: 1 },
      pass(before),
      revoke(s, k),
      pass(late),
      verify(t, k),
      pass(before),
      verify(t, k),
    ]),
  // A replica is silent while the log grows and is trimmed.
  fc
    .tuple(on, on, key, key, silence, ms)
    .map(([r, s, k, l, how, wait]) => [
      ...known(r, k),
      silenced(r, how),
      revoke(s, k),
      pass(2 * LEASE_MS + wait),
      { do: 'trim' },
      ...enable(l),
      { do: 'heal', on: r },
      { do: 'resume', on: r },
      pass(8),
    ]),
  // A slow replica: its syncs or its acknowledgements take nearly a lease.
  fc
    .tuple(on, on, key, fc.constantFrom('replica-sync', 'replica-acknowledge'), ms, small)
    .map(([r, s, k, which, late, before]) => [
      ...known(r, k),
      { do: 'fault', on: r, statement: which, mishap: 'answerLate', ms: late, times: 3 },
      ...change('z'),
      pass(before),
      revoke(s, k),
      pass(late),
    ]),
  // A standby that does not know which replicas hold leases takes over, or an older state is restored.
  fc
    .tuple(on, on, key, fc.constantFrom<'failOver' | 'restore'>('failOver', 'failOver', 'restore'), small, ms, small)
    .map(([r, s, k, what, downMs, behindMs, before]) => [
      { do: 'boot', on: r, leaseMs: LEASE_MS },
      pass(before),
      ...known(r, k),
      silenced(r, 'silent'),
      { do: 'database', what, downMs, behindMs },
      pass(downMs + 2),
      { do: 'setClock', on: 'database', ms: 3_600_000 },
      pass(before * 20),
      revoke(s, k),
      pass(20),
    ]),
  // A restore discards the history in which a key was read, and the key is revoked in the new history.
  fc
    .tuple(on, on, key, small, ms)
    .map(([r, s, k, before, wait]) => [
      ...enable(k),
      pass(wait),
      { do: 'sql', tag: 'key:y', active: false },
      { do: 'sql', tag: 'key:y', active: true },
      { do: 'sql', tag: 'key:y', active: false },
      pass(8),
      verify(r, k),
      pass(8),
      { do: 'database', what: 'restore', downMs: before, behindMs: 20 + before },
      pass(LEASE_MS * 0.3),
      revoke(s, k),
      pass(LEASE_MS * 1.1),
    ]),
  // A replica with a longer lease, and a revoker that does not know of it and cannot ask: it synced a moment too early, or
  // it was silent for so long that it is not registered any more.
  fc
    .tuple(on, on, key, fc.boolean(), small, about(LEASE_MS))
    .map(([r, s, k, away, before, wait]) => [
      ...(away ? [{ do: 'link', on: s, state: 'silent' } as const] : []),
      { do: 'boot', on: r, leaseMs: LONG_LEASE_MS },
      pass(before),
      ...(away ? [revoke(r, 'z'), pass(2.2 * LONG_LEASE_MS)] : []),
      ...known(r, k),
      { do: 'heal', on: s },
      ...['replica-sync', 'propagation'].map(
        (which) => ({ do: 'fault', on: s, statement: which, mishap: 'requestLost', ms: 0, times: 99 }) as const,
      ),
      silenced(r, 'silent'),
      revoke(s, k),
      pass(wait),
    ]),
  // The wall clock is set back, and the machine sleeps in the same lease: neither clock shows it.
  fc
    .tuple(on, on, key, small, about(LEASE_MS))
    .map(([r, s, k, before, wait]) => [
      ...known(r, k),
      { do: 'setClock', on: r, ms: -3_600_000 },
      pass(before),
      { do: 'pause', on: r, how: 'asleep' },
      revoke(s, k),
      pass(wait * 1.1),
      { do: 'link', on: r, state: 'silent' },
      { do: 'resume', on: r },
      pass(2),
    ]),
  // A replica is silent, and the revoker learns late which one it is.
  fc
    .tuple(on, on, key, fc.constantFrom<'answerLate' | 'answerLost'>('answerLate', 'answerLost'), about(LEASE_MS * 0.6))
    .map(([r, s, k, how, late]) => [
      ...known(r, k),
      silenced(r, 'silent'),
      { do: 'fault', on: s, statement: 'propagation', mishap: how, ms: late, times: 1 },
      revoke(s, k),
      pass(LEASE_MS * 2.5),
    ]),
  // The wall clock is set back within a lease, by less than has passed of it: only the monotonic clock ends the lease.
  fc
    .tuple(on, on, key, small, about(LEASE_MS * 0.55))
    .map(([r, s, k, before, wait]) => [
      ...known(r, k),
      ...change('z'),
      pass(before),
      silenced(r, 'silent'),
      revoke(s, k),
      pass(wait),
      { do: 'setClock', on: r, ms: -LEASE_MS * 0.5 },
      pass(wait),
    ]),
  // A replica leaves, and the answer to its deregistration is late.
  fc
    .tuple(on, on, key, small)
    .map(([r, s, k, before]) => [
      ...known(r, k),
      { do: 'fault', on: r, statement: 'replica-deregister', mishap: 'answerLate', ms: 240, times: 1 },
      { do: 'leave', on: r },
      pass(before),
      { do: 'link', on: r, state: 'silent' },
      revoke(s, k),
      pass(before * 4),
      { do: 'heal', on: r },
    ]),
  // A replica is not registered any more, so it reads for each request, and one answer is late.
  fc
    .tuple(on, on, key, small)
    .map(([r, s, k, before]) => [
      ...enable(k),
      { do: 'fault', on: r, statement: 'replica-sync', mishap: 'requestLost', ms: 0, times: 99 },
      revoke(s, 'z'),
      pass(LEASE_MS * 2.2),
      { do: 'fault', on: r, statement: 'load', mishap: 'answerLate', ms: 900, times: 1 },
      verify(r, k),
      pass(before),
      revoke(s, k),
      pass(before * 4),
      verify(r, k),
      pass(900),
    ]),
  // The revoker crashes between the commit and its response.
  fc
    .tuple(on, on, key, about(LEASE_MS))
    .map(([r, s, k, wait]) => [
      ...known(r, k),
      { do: 'fault', on: s, statement: 'commit', mishap: 'crash', ms: 0, times: 1 },
      silenced(r, 'silent'),
      revoke(s, k),
      pass(wait),
    ]),
  // Repairs what earlier stories have broken, so that the next one starts in order.
  fc
    .tuple(on, ms)
    .map(([r, wait]) => [
      { do: 'heal', on: r },
      { do: 'resume', on: r },
      { do: 'heal', on: r + 1 },
      { do: 'resume', on: r + 1 },
      { do: 'store', state: 'ok' },
      pass(wait),
    ]),
];
