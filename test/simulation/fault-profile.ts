/**
 * How badly the surroundings of one seed behave. Each seed has some kinds of faults and not others:
 * where everything fails at once, nothing gets far enough to be broken in an interesting way.
 */
import type { SeededRandom } from '../../src/witness/seeded-random.ts';

/** Probabilities per call, batch or write, unless said otherwise. */
export interface FaultProfile {
  /** Longest usual delay of a call or of bytes, ms. */
  readonly delayMsMax: number;
  readonly store: {
    /** Not done, and said so. */
    readonly refused: number;
    /** Done, and the answer lost: `busy` is heard. */
    readonly unheard: number;
    /** `busy` is heard, and it is done seconds later. */
    readonly late: number;
    readonly slow: number;
  };
  readonly link: {
    readonly requestLost: number;
    readonly answerLost: number;
    readonly duplicated: number;
    readonly slow: number;
  };
  readonly http: { readonly requestLost: number; readonly answerLost: number };
  readonly network: { readonly split: number; readonly slow: number };
}

const calmDelayMs = 3;

export const calm: FaultProfile = {
  delayMsMax: calmDelayMs,
  store: { refused: 0, unheard: 0, late: 0, slow: 0 },
  link: { requestLost: 0, answerLost: 0, duplicated: 0, slow: 0 },
  http: { requestLost: 0, answerLost: 0 },
  network: { split: 0, slow: 0 },
};

export function drawFaults(random: SeededRandom): FaultProfile {
  const sometimes = (most: number) => (random.chance(0.5) ? most * random.fraction() : 0);
  return {
    delayMsMax: random.pick([1, calmDelayMs, 20, 200]),
    store: {
      refused: sometimes(0.1),
      unheard: sometimes(0.1),
      late: sometimes(0.05),
      slow: sometimes(0.1),
    },
    link: {
      requestLost: sometimes(0.1),
      answerLost: sometimes(0.1),
      duplicated: sometimes(0.2),
      slow: sometimes(0.1),
    },
    http: { requestLost: sometimes(0.2), answerLost: sometimes(0.2) },
    network: { split: sometimes(0.5), slow: sometimes(0.1) },
  };
}
