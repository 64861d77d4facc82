/**
 * Two people who chat while processes are attacked, and what those processes have come to: whether
 * they live, what they hold in memory, and how long a message between honest people took meanwhile,
 * with and without the time in which nothing was done for it because others had the processors.
 * The two are a process of their own: what an attack costs the test's own process is in none of the
 * figures.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { ChatOrder, ChatReport } from './honest-chat.ts';
import { startProcess, type TestProcess } from './processes.ts';
import type { Role } from './roles.ts';
import { waitUntil } from './wait-until.ts';

/** Messages that they have exchanged, at least, before an attack counts as over. */
const messagesMin = 100;

interface Memory {
  readonly beforeMiB: number;
  /** Of what it was seen to hold, 20 times a second: what a moment's garbage adds is printed alone. */
  seenMiB: number;
}

export class Witness {
  readonly #roles: readonly Role[];
  readonly #chat: TestProcess;

  private constructor(roles: readonly Role[], chat: TestProcess) {
    this.#roles = roles;
    this.#chat = chat;
  }

  static async start(
    roles: Role | readonly Role[],
    routes: string | readonly string[],
    ids: readonly [number, number] = [1, 2],
  ): Promise<Witness> {
    const pids = [roles].flat().map(({ process: { pid } }) => pid);
    const order: ChatOrder = { routes: [routes].flat(), ids, pids };
    const chat = await startProcess({
      name: 'the honest',
      command: process.execPath,
      args: ['test/support/honest-chat.ts', JSON.stringify(order)],
      ready: ({ stdout }) => stdout.includes('ready\n'),
    });
    return new Witness([roles].flat(), chat);
  }

  /** Fails unless none of the processes has grown by more than this while `attack` lasted. */
  async during(what: string, growthMiBMax: number, attack: () => Promise<unknown>): Promise<void> {
    for (const { beforeMiB, seenMiB } of await this.#whileChatting(what, attack))
      expect(seenMiB - beforeMiB).toBeLessThanOrEqual(growthMiBMax);
  }

  /** Fails unless none of the processes has held more than this while `attack` lasted. */
  async within(what: string, residentMiBMax: number, attack: () => Promise<unknown>) {
    for (const { seenMiB } of await this.#whileChatting(what, attack))
      expect(seenMiB).toBeLessThanOrEqual(residentMiBMax);
  }

  /**
   * Lets the two chat from before `attack` until after it. Fails unless the processes have survived
   * it and every message of theirs arrived.
   */
  async #whileChatting(what: string, attack: () => Promise<unknown>): Promise<Memory[]> {
    const memory = this.#roles.map(beginPeak);
    const watch = setInterval(() => this.#look(memory), 50);
    const saidBefore = this.#chat.stdout.length;
    const printed = (pattern: RegExp) =>
      waitUntil(`the honest print ${pattern}`, () => {
        if (this.#chat.hasExited) throw new Error(`the honest ended: ${this.#chat.output}`);
        return pattern.exec(this.#chat.stdout.slice(saidBefore));
      });
    let report: ChatReport;
    try {
      this.#chat.write(`chat ${messagesMin}\n`);
      await attack();
      await printed(/^enough$/m);
      this.#chat.write('stop\n');
      const [line] = await printed(/^\{.*\}$/m);
      report = JSON.parse(line) as ChatReport;
    } finally {
      clearInterval(watch);
    }
    for (const { process } of this.#roles)
      if (process.hasExited) throw new Error(`it has not survived this: ${process.output}`);
    this.#look(memory);
    const figures = memory.map(({ beforeMiB, seenMiB }, index) => {
      const role = this.#roles[index] as Role;
      const [peakMiB, afterMiB] = [statusMiB(role, 'VmHWM'), statusMiB(role, 'VmRSS')];
      return `${role.process.name} ${beforeMiB} MiB, at most ${seenMiB} (for a moment ${peakMiB}), then ${afterMiB}`;
    });
    const { latencies, ownLatencies, trouble } = report;
    process.stdout.write(
      `${what}: ${figures.join('; ')}; ${latencies.length} honest messages, ${latencyFigures(latencies)}; without waiting for a processor ${latencyFigures(ownLatencies)}\n`,
    );
    expect(trouble).toEqual([]);
    return memory;
  }

  #look(memory: readonly Memory[]): void {
    for (const [index, role] of this.#roles.entries()) {
      const each = memory[index] as Memory;
      if (!role.process.hasExited) each.seenMiB = Math.max(each.seenMiB, statusMiB(role, 'VmRSS'));
    }
  }
}

function latencyFigures(latencies: readonly number[]): string {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}

/** What it holds; from now on the kernel's peak is that of what follows. */
function beginPeak(role: Role): Memory {
  writeFileSync(`/proc/${role.process.pid}/clear_refs`, '5');
  const beforeMiB = statusMiB(role, 'VmRSS');
  return { beforeMiB, seenMiB: beforeMiB };
}

function statusMiB({ process: { pid } }: Role, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024);
}
