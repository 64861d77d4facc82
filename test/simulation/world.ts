/**
 * What all parts of a simulation share: time, chance, how badly things go at the moment, who cannot
 * reach whom, and the trace of what happened.
 */

import type { SeededRandom } from '../../src/witness/seeded-random.ts';
import { calm, type FaultProfile } from './fault-profile.ts';
import { type SimulatedProcess, SimulatedTime } from './simulated-time.ts';

export class World {
  readonly time = new SimulatedTime();
  readonly random: SeededRandom;
  readonly trace: string[] = [];
  faults: FaultProfile = calm;
  /** Nothing goes wrong any more. */
  healed = false;
  /** Short names of epochs, in the order of their appearance. */
  readonly #epochs = new Map<string, string>();
  /** Pairs of processes between which everything vanishes, and until when. */
  readonly #partitions = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.random = random;
  }

  note(who: string, what: string): void {
    this.trace.push(`${String(this.time.now).padStart(7)} ${who.padEnd(10)} ${what}`);
  }

  /** A source as a trace shows it: routes draw epochs that no seed decides. */
  nameOf(source: string): string {
    const [from = '', epoch = '', ...conversation] = source.split('.');
    const name = this.#epochs.get(epoch) ?? `e${this.#epochs.size + 1}`;
    this.#epochs.set(epoch, name);
    return [from, name, ...conversation].join('.');
  }

  /** How long a call or some bytes take now. */
  delayMs(slow: number): number {
    if (this.random.chance(slow)) return this.random.integer(0, 5_000);
    return this.random.integer(0, this.faults.delayMsMax);
  }

  partition(one: string, other: string, ms: number): void {
    this.#partitions.set(pairOf(one, other), this.time.now + ms);
  }

  /** `names`: of processes, without the number of their life. */
  isPartitioned(one: SimulatedProcess, other: SimulatedProcess): boolean {
    const until = this.#partitions.get(pairOf(one.name, other.name));
    return until !== undefined && until > this.time.now;
  }

  healPartitions(): void {
    this.#partitions.clear();
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** A short number for a trace: two courses that differ anywhere have different ones. */
export function hashOf(trace: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const line of trace) {
    for (let index = 0; index < line.length; index++)
      hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
