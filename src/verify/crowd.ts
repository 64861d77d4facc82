/**
 * All devices of a run: lets them speak as the workload says, disturbs them as the plan says, and
 * waits at the end until what is on its way has come.
 */
import type { Timer } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import { memorySecretKeeper, type Platform } from '../client/sdk/index.ts';
import { check } from '../witness/checker.ts';
import type { Ledger } from '../witness/ledger.ts';
import { Device, type DeviceOptions } from './device.ts';
import type { Latency } from './latency.ts';
import { Pauses } from './pauses.ts';
import type { Disturbance, DisturbanceKind } from './plan.ts';
import type { Population } from './population.ts';
import type { Act } from './workload.ts';

export interface CrowdOptions {
  readonly population: Population;
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Platform;
  readonly ledger: Ledger;
  readonly latency: Latency;
  readonly onProblem: (problem: string) => void;
}

/** What a device is, and whose. */
type Whose = Pick<DeviceOptions, 'name' | 'person' | 'secrets'>;

/** How long everybody may take to log in at the beginning. */
const gatherMsMax = 60_000;
/** How long what is on its way may take once all is healed; what has not come by then is lost. */
const settleMsMax = 120_000;
/**
 * Nothing came for this long: nothing will. Above the half minute after which a server tells its
 * clients again how far their timelines have come.
 */
const hopelessMs = 40_000;
/** When all has come, what would be doubled comes within this time. */
const quietMs = 1_000;
const pollMs = 100;
/** Devices that read back at a time: more would only wait for each other. */
const readersMax = 8;
const tickMs = 10;
/** What a device that is slow adds to each direction. */
const slowMs = 150;

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #devices: readonly Device[];
  readonly #pauses = new Pauses();
  readonly #disturbing = new Set<Promise<void>>();
  #ticking: Timer | undefined;

  constructor(options: CrowdOptions) {
    this.#options = options;
    const userIds = new Set(options.population.people.map(({ userId }) => userId));
    this.#devices = options.population.people.flatMap((person) => {
      const secrets = memorySecretKeeper();
      return person.devices.map((name) => this.#createDevice({ name, person, secrets }, userIds));
    });
  }

  get readyCount(): number {
    return this.#devices.filter(({ isReady }) => isReady).length;
  }

  /**
   * Logs everybody in, and makes the groups. Rejects with `unavailable` if that takes too long, or
   * is given up.
   */
  async gather(isGivenUp: () => boolean): Promise<void> {
    for (const device of this.#devices) device.start();
    await this.#whenAll(isGivenUp, ({ isReady }) => isReady);
    for (const { name, userIds } of this.#options.population.groups) {
      const [first, ...others] = userIds.map((userId) => this.#deviceOf(userId));
      await first?.enter(name, true);
      await Promise.all(others.map((device) => device.enter(name, false)));
    }
    await this.#whenAll(isGivenUp, ({ isSettled }) => isSettled);
  }

  /** From now on the devices speak and are disturbed, until `heal`. */
  begin(workload: Iterator<Act, never>, disturbances: readonly Disturbance[]): void {
    const startMs = performance.now();
    const plan = [...disturbances];
    let act = workload.next().value;
    const tick = () => {
      const nowMs = performance.now() - startMs;
      for (; act.atMs <= nowMs; act = workload.next().value) this.#do(act);
      while (plan[0] && plan[0].atMs <= nowMs) this.#disturb(plan.shift());
    };
    this.#ticking = this.#options.platform.clock.setInterval(tick, tickMs);
  }

  /** Nobody speaks any more, and nobody is disturbed; resolves when every device lives. */
  async heal(): Promise<void> {
    this.#ticking?.cancel();
    this.#pauses.endAll();
    await Promise.all(this.#disturbing);
  }

  /** Waits until everything has come that should, or has had its time. */
  async settle(): Promise<void> {
    const { ledger, onProblem } = this.#options;
    const deadlineMs = performance.now() + settleMsMax;
    let shown = -1;
    let quietSinceMs = Infinity;
    for (;;) {
      const nowMs = performance.now();
      if (nowMs > deadlineMs) break;
      if (this.#isUnsettled() || shown !== ledger.shownCount) quietSinceMs = nowMs;
      shown = ledger.shownCount;
      const quietForMs = nowMs - quietSinceMs;
      if (quietForMs > hopelessMs || (quietForMs > quietMs && !this.#isSomethingLost())) break;
      await this.#wait(pollMs);
    }
    if (ledger.waitingCount > 0)
      onProblem(`${ledger.waitingCount} messages or changes got no answer`);
    for (const { name, isReady, lastWarning } of this.#devices)
      if (!isReady) onProblem(`device ${name} gets no connection: ${lastWarning}`);
  }

  /** Every device reads what has become of all messages. */
  async readBack(): Promise<void> {
    const left = [...this.#devices];
    const readAll = async () => {
      for (let device = left.pop(); device; device = left.pop()) await device.readBack();
    };
    await Promise.all(Array.from({ length: readersMax }, readAll));
  }

  async close(): Promise<void> {
    this.#ticking?.cancel();
    await Promise.all(this.#devices.map((device) => device.close(0)));
  }

  #isUnsettled(): boolean {
    return this.#options.ledger.waitingCount > 0 || this.readyCount < this.#devices.length;
  }

  #isSomethingLost(): boolean {
    const { breaches, markBreaches } = check(this.#options.ledger);
    return [...breaches, ...markBreaches].some(({ kind }) => kind === 'lost' || kind === 'untold');
  }

  async #whenAll(isGivenUp: () => boolean, isTrue: (device: Device) => boolean): Promise<void> {
    const deadlineMs = performance.now() + gatherMsMax;
    while (!this.#devices.every(isTrue)) {
      if (isGivenUp() || performance.now() > deadlineMs) {
        const absent = this.#devices.find((device) => !isTrue(device));
        const reason = `${absent?.name} gets no login: ${absent?.lastWarning}`;
        throw new CimError('unavailable', `device ${reason}`);
      }
      await this.#wait(pollMs);
    }
  }

  #deviceOf(userId: number): Device {
    const device = this.#devices.find((each) => each.userId === userId);
    if (!device) throw new Error('everybody has a device');
    return device;
  }

  #createDevice(whose: Whose, userIds: ReadonlySet<number>): Device {
    const { population, ...options } = this.#options;
    const { person } = whose;
    return new Device({
      ...options,
      ...whose,
      run: population.run,
      groups: population.groups
        .filter(({ userIds }) => userIds.includes(person.userId))
        .map((group) => group.name),
      isOfRun: (userId) => userIds.has(userId),
    });
  }

  #do(act: Act): void {
    const device = this.#devices[act.device];
    if (act.kind !== 'say') device?.change(act);
    else for (let index = 0; index < act.count; index++) device?.say(act.target, act.reply);
  }

  #disturb(disturbance: Disturbance | undefined): void {
    const device = disturbance && this.#devices[disturbance.target];
    if (!device) return;
    const { kind, forMs } = disturbance;
    const disturbing = device.disturbed(() => this.#act(kind, device, forMs));
    this.#disturbing.add(disturbing);
    void disturbing.finally(() => this.#disturbing.delete(disturbing));
  }

  async #act(kind: DisturbanceKind, device: Device, forMs: number): Promise<void> {
    const { network } = device;
    switch (kind) {
      case 'restart':
        await device.close();
        await this.#pauses.pause(forMs);
        device.start();
        break;
      case 'crash':
        await device.crash();
        await this.#pauses.pause(forMs);
        device.start();
        break;
      case 'cut':
        network.cut();
        break;
      case 'outage':
      case 'silence':
        network.become(kind === 'outage' ? 'down' : 'silent');
        await this.#pauses.pause(forMs);
        network.become('up');
        break;
      case 'slow':
        network.delay(slowMs);
        await this.#pauses.pause(forMs);
        network.delay(0);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.platform.clock.setTimeout(resolve, ms);
    });
  }
}
