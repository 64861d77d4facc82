/**
 * Calls between roles. A batch may be lost on its way, arrive twice, late or after a later one; an
 * answer may be lost or late. What is not answered in time is answered `unanswered`, as a real link
 * does it (src/link/link-caller.ts).
 */
import type { BatchCall } from '../../src/api/batch-call.ts';
import { apiOf, type Method, type MethodsOf } from '../../src/api/method.ts';
import { limits } from '../../src/base/limits.ts';
import type { SimulatedProcess } from './simulated-time.ts';
import type { World } from './world.ts';

/** Who answers at an address now. */
export interface Callee {
  readonly process: SimulatedProcess;
  readonly api: object;
}

type Calls = Record<string, BatchCall<unknown, unknown>>;

export class SimulatedLink<Api extends object> {
  readonly api: Api;
  /** Not before this time is a lost link tried again. */
  #notBefore = 0;
  #heardAt = 0;
  #waitingSince = 0;
  /** What gives up each call that is under way. */
  readonly #underWay = new Set<() => void>();
  readonly #world: World;
  readonly #caller: SimulatedProcess;
  readonly #callee: () => Callee | undefined;
  readonly #names: ReadonlyMap<unknown, string>;

  constructor(
    world: World,
    methods: MethodsOf<Api>,
    caller: SimulatedProcess,
    callee: () => Callee | undefined,
  ) {
    this.#world = world;
    this.#caller = caller;
    this.#callee = callee;
    this.#names = new Map(
      Object.entries<Method<unknown, unknown>>(methods).map(([name, method]) => [method, name]),
    );
    this.api = apiOf(methods, (method, entries, answer) => this.#send(method, entries, answer));
  }

  get down(): boolean {
    return this.#notBefore > this.#world.time.now;
  }

  get isLost(): boolean {
    return this.down;
  }

  readonly inFlight = 0;

  get isSilent(): boolean {
    const silentMs = this.#world.time.now - Math.max(this.#heardAt, this.#waitingSince);
    return this.#underWay.size > 0 && silentMs > limits.linkSilentMs;
  }

  /** The next call finds out. */
  reach(): void {}

  close(): void {
    for (const giveUp of [...this.#underWay]) this.#caller.after(0, giveUp);
  }

  #send<Entry, Result>(
    method: Method<Entry, Result>,
    entries: readonly Entry[],
    answer: (index: number, result: Result) => void,
  ): void {
    if (!this.#caller.alive) return;
    const { random, faults, time } = this.#world;
    const waiting = new Set(entries.keys());
    const settle = (index: number, result: Result) => {
      if (waiting.delete(index)) answer(index, result);
      if (waiting.size > 0) return;
      timeout.cancel();
      this.#underWay.delete(giveUp);
    };
    const giveUp = () => {
      for (const index of [...waiting]) settle(index, method.unanswered);
    };
    const timeout = this.#caller.after(limits.linkAnswerMsMax, giveUp);
    if (this.#underWay.size === 0) this.#waitingSince = time.now;
    this.#underWay.add(giveUp);
    const callee = this.#callee();
    if (!callee || this.down) {
      this.#notBefore = Math.max(this.#notBefore, time.now + random.integer(25, 2_000));
      this.#caller.after(0, giveUp);
      return;
    }
    if (this.#world.isPartitioned(this.#caller, callee.process)) return;
    // A broken link is noticed, unless the whole machine is gone.
    if (random.chance(0.7)) callee.process.onDeath(() => this.#caller.after(1, giveUp));
    const { requestLost, answerLost, duplicated, slow } = faults.link;
    if (random.chance(requestLost)) return;
    const call = (callee.api as Calls)[this.#names.get(method)!]!;
    const deliver = (reply: (index: number, result: unknown) => void) =>
      callee.process.after(this.#world.delayMs(slow), () => call(entries, reply));
    deliver((index, result) => {
      if (!callee.process.alive || random.chance(answerLost)) return;
      this.#caller.after(this.#world.delayMs(slow), () => {
        this.#heardAt = time.now;
        settle(index, result as Result);
      });
    });
    // Twice: as by a caller who has tried again. What is droppable nobody tries again.
    if (method.share !== 'droppable' && random.chance(duplicated)) deliver(() => undefined);
  }
}
