import type { Noted } from './explanation.ts';

/** The last decisions of one kind, in bounded memory: a new one takes the place of the oldest. */
export class Ring {
  readonly #size: number;
  readonly #places: Noted[] = [];
  /** How many were noted so far. */
  #count = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** The place for a new decision. The caller writes every field at once. */
  next(): Noted {
    const index = this.#count++ % this.#size;
    return (this.#places[index] ??= emptyPlace());
  }

  /**
   * The newest decision about this request; null if there is none. Compares texts, newest first, so a recent one is found
   * at once, and one that is not there takes less than a millisecond.
   *
   * @param most how many of the newest are looked at
   */
  newest(requestId: string, most = this.#size): Noted | null {
    const oldest = Math.max(0, this.#count - Math.min(this.#size, most));
    for (let index = this.#count - 1; index >= oldest; index--) {
      const place = this.#places[index % this.#size]!;
      if (place.requestId === requestId) return place;
    }
    return null;
  }

  /** Forgets the decisions from before this time, by the monotonic clock. */
  forgetBefore(time: number): void {
    for (const place of this.#places) {
      if (place.notedAt < time && place.requestId !== '') Object.assign(place, emptyPlace());
    }
  }
}

function emptyPlace(): Noted {
  return {
    requestId: '',
    at: 0.5, // A number with a fraction: the place keeps its form when a time is written into it.
    notedAt: Number.NEGATIVE_INFINITY,
    endpoint: '',
    outcome: 'REJECTED',
    reason: '',
    credentialId: null,
    kind: null,
    layer: 'memory',
    entrySequence: 0,
    readAt: 0.5,
    logSequence: 0,
    leaseRemaining: 0.5,
    replica: '',
  };
}
