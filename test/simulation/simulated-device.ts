/**
 * A device of a user: a disk that lasts, and on it one life of the SDK after the other. It notes in
 * the ledger what it sends and shows.
 */

import { CimError, describeError } from '../../src/base/errors.ts';
import { CimClient, type Message, type Storage } from '../../src/client/sdk/index.ts';
import type { Device, Ledger, Life, Receiver, Sent } from './ledger.ts';
import { type HttpHost, httpOf } from './simulated-http.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedProcess } from './simulated-time.ts';
import type { World } from './world.ts';

export interface User {
  readonly userId: number;
  readonly userName: string;
}

export interface DeviceSurroundings {
  readonly world: World;
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  /** Base URLs of all routes, and who is there. */
  readonly routes: readonly string[];
  readonly hostAt: (origin: string) => HttpHost | undefined;
}

export interface DeviceOptions {
  readonly name: string;
  readonly user: User;
  readonly ephemeral: boolean;
  /** Longest time that its application takes for a message; 0: none at all. */
  readonly takingMsMax: number;
}

/** The wall clock of a phone may be set to anything. */
const skewMsMax = 60_000;

export class SimulatedDevice {
  readonly name: string;
  readonly user: User;
  process: SimulatedProcess;
  readonly #surroundings: DeviceSurroundings;
  readonly #options: DeviceOptions;
  readonly #record: Device;
  #disk: string | undefined;
  #client: CimClient | undefined;
  #life: Life | undefined;
  /** What this life has sent and was not told the end of. */
  readonly #open = new Set<Sent>();

  constructor(options: DeviceOptions, surroundings: DeviceSurroundings) {
    const { name, user, ephemeral } = options;
    this.name = name;
    this.user = user;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#record = surroundings.ledger.addDevice(name, user.userId, ephemeral);
    this.process = new SimulatedProcess(surroundings.world.time, name);
    this.process.alive = false;
  }

  get running(): boolean {
    return this.#life?.end === 'running' && this.process.alive;
  }

  get ephemeral(): boolean {
    return this.#record.ephemeral;
  }

  start(): void {
    const { world, network, ledger, routes, hostAt } = this.#surroundings;
    const skewMs = world.random.integer(-skewMsMax, skewMsMax);
    const process = new SimulatedProcess(world.time, this.name, skewMs);
    const life = ledger.addLife(this.#record);
    const client = new CimClient({
      ...this.user,
      routes,
      // Ciphers run beside the event loop: a seed would not have the same course again.
      e2ee: 'off',
      platform: {
        clock: process.clock,
        random: world.random.fork(`${this.name} ${this.#record.lives.length}`),
        http: httpOf(world, process, hostAt),
        transport: network.transportOf(process),
      },
      ...(!this.ephemeral && { storage: this.#storageFor(process) }),
    });
    this.process = process;
    this.#life = life;
    this.#client = client;
    client.on('ready', ({ server }) => {
      ledger.ready(life);
      world.note(this.name, `ready at ${server}`);
    });
    client.on('offline', ({ reason }) => world.note(this.name, `offline: ${reason}`));
    client.on('message', (message) => this.#show(life, client, message));
    client.on('closed', ({ reason, error }) => {
      world.note(this.name, `closed: ${reason}`);
      if (life.end === 'running') life.end = error === null ? 'closed' : 'failed';
      life.reason = reason;
      process.kill();
      for (const sent of this.#open) sent.outcome = 'unknown';
      this.#open.clear();
    });
    // How it ended is told by `closed`.
    client.start().catch(() => undefined);
  }

  /** kill -9. */
  kill(): void {
    if (!this.running || !this.#life) return;
    this.#surroundings.world.note(this.name, 'killed');
    this.#life.end = 'killed';
    this.process.kill();
    for (const sent of this.#open) sent.outcome = 'unknown';
    this.#open.clear();
  }

  close(): void {
    if (!this.running) return;
    this.#surroundings.world.note(this.name, 'closes');
    void this.#client?.close({ timeoutMs: this.#surroundings.world.random.integer(0, 5_000) });
  }

  send(receiver: Receiver, text: string): void {
    if (!this.running || !this.#client || !this.#life) return;
    const { world, ledger } = this.#surroundings;
    const sent = ledger.addSent(this.user.userId, receiver, text, this.#life);
    this.#open.add(sent);
    world.note(this.name, `sends ${text} to ${receiver.group || receiver.to}`);
    const { process } = this;
    this.#client.send(targetOf(receiver), text).then(
      ({ id, seq }) => {
        if (process.alive) this.#settle(sent, 'stored', id, seq);
      },
      (error: unknown) => {
        if (process.alive) this.#refuse(sent, error);
      },
    );
  }

  sendTransient(receiver: Receiver, text: string): void {
    if (!this.running || !this.#client || !this.#life) return;
    const { world, ledger } = this.#surroundings;
    const life = this.#life;
    void this.#client.sendTransient(targetOf(receiver), text).then((written) => {
      if (!written) return;
      const sent = ledger.addSent(this.user.userId, receiver, text, life);
      sent.outcome = 'transient';
      world.note(this.name, `sends ${text}, transient, to ${receiver.group || receiver.to}`);
    });
  }

  /** Makes the group, or joins it. */
  enter(group: string): void {
    const client = this.#client;
    if (!this.running || !client) return;
    const { world, ledger } = this.#surroundings;
    const { process } = this;
    world.note(this.name, `enters ${group}`);
    client
      .createGroup(group)
      .catch(() => client.joinGroup(group))
      .then(
        () => {
          if (!process.alive) return;
          ledger.joined(this.#record, group);
          world.note(this.name, `is in ${group}`);
        },
        (error: unknown) => world.note(this.name, `is not in ${group}: ${describeError(error)}`),
      );
  }

  leave(group: string): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    ledger.left(this.user.userId, group);
    world.note(this.name, `leaves ${group}`);
    // Whether it was done nobody knows then; nothing more of the group is owed to them.
    this.#client.leaveGroup(group).catch(() => undefined);
  }

  schedule(receiver: Receiver, text: string, delaySeconds: number): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    const sent = ledger.addSent(this.user.userId, receiver, text, null);
    this.#open.add(sent);
    world.note(this.name, `schedules ${text} to ${receiver.group || receiver.to}`);
    const { process } = this;
    this.#client.schedule(targetOf(receiver), text, delaySeconds).then(
      () => {
        if (process.alive) this.#settle(sent, 'stored', '', 0);
      },
      (error: unknown) => {
        if (process.alive) this.#refuse(sent, error);
      },
    );
  }

  #settle(sent: Sent, outcome: Sent['outcome'], id: string, seq: number): void {
    this.#open.delete(sent);
    sent.outcome = outcome;
    sent.id = id;
    sent.seq = seq;
    this.#surroundings.world.note(this.name, `${outcome} ${sent.text} ${seq}`);
  }

  #refuse(sent: Sent, error: unknown): void {
    if (!(error instanceof CimError)) throw error;
    this.#settle(sent, error.kind === 'unconfirmed' ? 'unknown' : 'refused', '', 0);
  }

  #show(life: Life, client: CimClient, message: Message): void | Promise<void> {
    const { world, ledger } = this.#surroundings;
    const { id, from, to = 0, group = '', text, seq } = message;
    const shown = ledger.addShown(life, { id, from, to, group, text, seq });
    world.note(this.name, `shows ${text} ${group}${seq}`);
    const { takingMsMax } = this.#options;
    const takingMs = takingMsMax === 0 ? 0 : world.random.integer(0, takingMsMax);
    if (takingMs === 0) {
      shown.taken = true;
      return;
    }
    return new Promise((resolve) => {
      this.process.after(takingMs, () => {
        // What is still being taken when the client closes is not.
        shown.taken = client.state !== 'closed';
        resolve();
      });
    });
  }

  /** A disk that one process has at a time, and that keeps what was saved when it dies. */
  #storageFor(process: SimulatedProcess): Storage {
    const wait = () =>
      new Promise<void>((resolve) => {
        process.after(this.#surroundings.world.random.integer(0, 10), resolve);
      });
    return {
      open: async () => ({
        status: 'opened',
        store: {
          load: async () => {
            await wait();
            return this.#disk;
          },
          save: async (text) => {
            await wait();
            this.#disk = text;
            await wait();
          },
          close: async () => undefined,
        },
      }),
    };
  }
}

function targetOf({ to, group }: Receiver): { to: number } | { group: string } {
  return group === '' ? { to } : { group };
}
