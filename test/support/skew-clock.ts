// Preloaded into a replica (`node --import`), so that a test controls its clocks. The message `{ wallOffsetMs }` shifts
// the wall clock. `{ monotonicStands: true }` stops the monotonic clock, as when the machine is suspended. Each message
// gets an answer when it has taken effect.
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
