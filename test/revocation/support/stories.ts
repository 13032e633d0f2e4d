// Short stories that chance alone would rarely tell: each is a beginning, and anything may come before, between and after.
import fc from 'fast-check';
import type { Command } from './commands.ts';
import { about, key, mishap, ms, on, silence, small } from './values.ts';
import { LEASE_MS, LONG_LEASE_MS, tagsOf } from './world.ts';

/** `on` stops to be heard of, one way or another. */
function silenced(index: number, how: 'cut' | 'silent' | 'stopped' | 'asleep'): Command {
  if (how === 'cut' || how === 'silent') return { do: 'link', on: index, state: how };
  return { do: 'pause', on: index, how };
}

const pass = (milliseconds: number): Command => ({ do: 'pass', ms: milliseconds });
const verify = (index: number, which: string): Command => ({ do: 'verify', on: index, key: which });
const revoke = (index: number, which: string): Command => ({ do: 'revoke', on: index, tag: `key:${which}` });
const enable = (which: string): Command[] =>
  tagsOf(which).map((each) => ({ do: 'sql', tag: each, alive: true }) as const);
/** Something that concerns nobody here, and that everybody hears of. */
const change = (which: string): Command[] => [
  { do: 'sql', tag: `key:${which}`, alive: false },
  { do: 'sql', tag: `key:${which}`, alive: true },
];
const known = (index: number, which: string): Command[] => [...enable(which), pass(8), verify(index, which), pass(8)];

export const stories: fc.Arbitrary<Command[]>[] = [
  // A miss whose answer is under way while the key is revoked, and somebody who joins it afterwards.
  fc
    .tuple(on, on, key, fc.double({ min: 10, max: 950, noNaN: true }), small, ms)
    .map(([r, s, k, late, before, after]) => [
      ...enable(k),
      { do: 'store', mood: 'flush' },
      pass(8),
      { do: 'fault', on: r, statement: 'load', mishap: 'answerLate', ms: late, times: 1 },
      verify(r, k),
      pass(before),
      revoke(s, k),
      pass(after),
      verify(r, k),
      pass(late),
    ]),
  // Known to somebody who heard of everything a moment ago, and then of nothing.
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
  // Somebody who hears everything, and whose confirmations are lost: he is fenced, and another key dies.
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
  // Somebody confirms so late that he is about to be fenced, is spared, and is fenced by somebody else a lease later.
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
  // Redis keeps what is long revoked, for a replica that comes up without any memory.
  fc
    .tuple(on, on, on, key, small)
    .map(([r, s, t, k, before]) => [
      ...known(r, k),
      { do: 'boot', on: t, leaseMs: LEASE_MS },
      { do: 'fault', on: t, statement: 'replica-register', mishap: 'requestLate', ms: before * 4, times: 1 },
      pass(before),
      revoke(s, k),
      pass(before * 2),
      { do: 'store', mood: 'putBack' },
      verify(t, k),
      pass(before),
      verify(t, k),
    ]),
  // Joining while somebody revokes: his registration, or his first look, is slow.
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
  // Asleep while the log goes on without him, and is trimmed.
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
  // Slow to apply: his looks take nearly a lease, and his confirmations too.
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
  // A standby takes over that does not know who holds leases; or an older state comes back.
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
  // A history that ends, with what was read from it, and another one in which it dies.
  fc
    .tuple(on, on, key, small, ms)
    .map(([r, s, k, before, wait]) => [
      ...enable(k),
      pass(wait),
      { do: 'sql', tag: 'key:y', alive: false },
      { do: 'sql', tag: 'key:y', alive: true },
      { do: 'sql', tag: 'key:y', alive: false },
      pass(8),
      verify(r, k),
      pass(8),
      { do: 'database', what: 'restore', downMs: before, behindMs: 20 + before },
      pass(LEASE_MS * 0.3),
      revoke(s, k),
      pass(LEASE_MS * 1.1),
    ]),
  // Somebody with a longer lease, and a revoker who is not told and cannot ask: because he looked a moment too early, or
  // because he was away for so long that nobody counts on him any more.
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
  // His calendar is set back, and in the same lease his machine sleeps: neither clock tells of it.
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
  // Somebody is silent, and whoever revokes hears late who it is.
  fc
    .tuple(on, on, key, fc.constantFrom<'answerLate' | 'answerLost'>('answerLate', 'answerLost'), about(LEASE_MS * 0.6))
    .map(([r, s, k, how, late]) => [
      ...known(r, k),
      silenced(r, 'silent'),
      { do: 'fault', on: s, statement: 'propagation', mishap: how, ms: late, times: 1 },
      revoke(s, k),
      pass(LEASE_MS * 2.5),
    ]),
  // His calendar is set back in the middle of a lease, by less than has passed of it: only the other clock ends it.
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
  // Somebody leaves, and the answer to his goodbye is long under way.
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
  // Nobody counts on him any more, he reads for each request, and one answer is long under way.
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
  // The revoker dies between the commit and its answer.
  fc
    .tuple(on, on, key, about(LEASE_MS))
    .map(([r, s, k, wait]) => [
      ...known(r, k),
      { do: 'fault', on: s, statement: 'commit', mishap: 'crash', ms: 0, times: 1 },
      silenced(r, 'silent'),
      revoke(s, k),
      pass(wait),
    ]),
  // Everything at its end: what is left of a story is repaired, so that the next one begins well.
  fc
    .tuple(on, ms)
    .map(([r, wait]) => [
      { do: 'heal', on: r },
      { do: 'resume', on: r },
      { do: 'heal', on: r + 1 },
      { do: 'resume', on: r + 1 },
      { do: 'store', mood: 'well' },
      pass(wait),
    ]),
];
