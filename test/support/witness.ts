/**
 * Two people who chat while a process is attacked, and what that process has come to: whether it
 * lives, what it holds in memory, and how long a message between honest people took meanwhile.
 */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { Client, type Role } from './roles.ts';

/** What of an attack's cost an honest message may bear: the machine may be busy with other tests. */
const latencyMsMax = 10_000;

interface Person {
  readonly client: Client;
  readonly other: number;
}

export class Witness {
  readonly #role: Role;
  readonly #people: readonly Person[];
  #said = 0;

  private constructor(role: Role, people: readonly Person[]) {
    this.#role = role;
    this.#people = people;
  }

  static async start(
    role: Role,
    route: string,
    ids: readonly [number, number] = [1, 2],
  ): Promise<Witness> {
    const people = await Promise.all(
      ids.map(async (userId, index) => ({
        client: await Client.ready({ userId, name: `honest-${userId}`, routes: [route] }),
        other: ids[1 - index] as number,
      })),
    );
    return new Witness(role, people);
  }

  get residentMiB(): number {
    return this.#statusMiB('VmRSS');
  }

  #statusMiB(field: string): number {
    const status = readFileSync(`/proc/${this.#role.process.pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024);
  }

  /**
   * Lets the two chat from before `attack` until after it. Fails unless the process has survived it,
   * has not grown by more than `growthMiBMax` while it lasted, and every message of theirs arrived.
   */
  async during(what: string, growthMiBMax: number, attack: () => Promise<unknown>): Promise<void> {
    const beforeMiB = this.residentMiB;
    let peakMiB = beforeMiB;
    const watch = setInterval(() => {
      if (!this.#role.process.hasExited) peakMiB = Math.max(peakMiB, this.residentMiB);
    }, 50);
    let isOver = false;
    const latencies: number[] = [];
    const chat = (async () => {
      do latencies.push(await this.#exchange());
      while (!isOver);
    })();
    try {
      await Promise.race([attack(), chat]);
    } finally {
      isOver = true;
      await chat;
      clearInterval(watch);
    }
    peakMiB = Math.max(peakMiB, this.residentMiB);
    latencies.sort((a, b) => a - b);
    const p50 = latencies[Math.floor(latencies.length / 2)] ?? 0;
    const max = latencies.at(-1) ?? 0;
    const figures = `memory ${beforeMiB} MiB, at most ${peakMiB}, then ${this.residentMiB}; ${latencies.length} honest messages, p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms`;
    process.stdout.write(`${what}: ${figures}\n`);
    expect(this.#role.process.hasExited).toBe(false);
    expect(peakMiB - beforeMiB).toBeLessThanOrEqual(growthMiBMax);
    for (const { client } of this.#people) {
      const trouble = client.events.filter(({ event }) => event !== 'message' && event !== 'sent');
      expect(trouble.map(({ event }) => event)).toEqual(['ready']);
    }
  }

  /** One message, in turns; ms until it was shown, to the next 10. */
  async #exchange(): Promise<number> {
    this.#said += 1;
    const [sender, receiver] = this.#said % 2 === 0 ? this.#people : [...this.#people].reverse();
    const text = `honest message ${this.#said}`;
    const sentAt = performance.now();
    sender?.client.say(`${sender.other};;${text}`);
    await receiver?.client.whenText(text, latencyMsMax);
    return performance.now() - sentAt;
  }
}
