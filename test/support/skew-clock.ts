// Preloaded into a replica of a test (`node --import`): its clocks are what the test says. A message
// `{ wallOffsetMs }` sets the calendar off by so much, `{ monotonicStands: true }` halts the other clock, as the sleep of a
// machine does. Each is answered when it holds.
interface Skew {
  wallOffsetMs?: number;
  monotonicStands?: boolean;
}

const RealDate = Date;
const monotonic = performance.now.bind(performance);
let wallOffsetMs = 0;
let standsAt: number | null = null;

const now = () => RealDate.now() + wallOffsetMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
});
performance.now = () => standsAt ?? monotonic();

process.on('message', (skew: Skew) => {
  if (skew.wallOffsetMs !== undefined) wallOffsetMs = skew.wallOffsetMs;
  if (skew.monotonicStands !== undefined) standsAt = skew.monotonicStands ? monotonic() : null;
  process.send?.('done');
});
process.channel?.unref();
