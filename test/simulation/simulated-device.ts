/**
 * A device of a user: a disk that lasts, and on it one life of the SDK after the other. It notes in
 * the ledger what it sends and shows.
 */
import { CimError, describeError } from '../../src/base/errors.ts';
import { ignore } from '../../src/base/ignore.ts';
import {
  CimClient,
  type Mark,
  type Message,
  type Storage,
  type Target,
} from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type {
  ChangeRecord,
  DeviceRecord,
  Ledger,
  LifeRecord,
  SentRecord,
} from '../../src/witness/ledger.ts';
import type { MarkKind } from '../../src/witness/mark-ledger.ts';
import { aspectsOf, reactionsValue, retraction } from '../../src/witness/pictures.ts';
import { type HttpHost, httpOf } from './simulated-http.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedProcess } from './simulated-time.ts';
import { numberOf, textOf } from './store-record.ts';
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
/** Of what is shown somebody reads so much, this long after it was taken at the latest. */
const readShare = 0.4;
const readMsMax = 3_000;

export class SimulatedDevice {
  readonly name: string;
  readonly user: User;
  process: SimulatedProcess;
  readonly #surroundings: DeviceSurroundings;
  readonly #options: DeviceOptions;
  readonly #record: DeviceRecord;
  #disk: string | undefined;
  #client: CimClient | undefined;
  #life: LifeRecord | undefined;
  /** Its user has ended it. */
  #isClosing = false;
  /** Ids of the messages that it has sent or shown. */
  readonly #known: string[] = [];
  /** What this life has sent and was not told the end of. */
  readonly #open = new Set<SentRecord>();
  readonly #openChanges = new Set<ChangeRecord>();

  constructor(options: DeviceOptions, surroundings: DeviceSurroundings) {
    const { name, user } = options;
    this.name = name;
    this.user = user;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#record = surroundings.ledger.addDevice(name, user.userId);
    this.process = new SimulatedProcess(surroundings.world.time, name);
    this.process.alive = false;
  }

  get running(): boolean {
    return this.#life?.end === 'alive' && this.process.alive;
  }

  get ephemeral(): boolean {
    return this.#options.ephemeral;
  }

  start(): void {
    const { world, network, ledger, routes, hostAt } = this.#surroundings;
    const skewMs = world.random.integer(-skewMsMax, skewMsMax);
    const process = new SimulatedProcess(world.time, this.name, skewMs);
    const life = ledger.began(this.#record);
    this.#isClosing = false;
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
        // Nobody sends files here.
        files: nodePlatform().files,
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
    client.on('message', (message) => this.#show(client, message));
    client.on('delivered', (mark) => this.#hear('delivered', mark));
    client.on('read', (mark) => this.#hear('read', mark));
    client.on('closed', ({ reason, error }) => {
      world.note(this.name, `closed: ${reason}`);
      if (life.end === 'alive') life.end = error === null ? 'closed' : 'failed';
      life.reason = reason;
      process.kill();
      this.#giveUp();
    });
    // How it ended is told by `closed`.
    client.start().catch(ignore('events tell'));
  }

  /** kill -9. */
  kill(): void {
    if (!this.running || !this.#life) return;
    this.#surroundings.world.note(this.name, 'killed');
    this.#life.end = 'crashed';
    this.process.kill();
    this.#giveUp();
  }

  close(): void {
    if (!this.running) return;
    this.#surroundings.world.note(this.name, 'closes');
    this.#isClosing = true;
    void this.#client?.close({ timeoutMs: this.#surroundings.world.random.integer(0, 5_000) });
  }

  /** Nobody is left to be told what became of them. */
  #giveUp(): void {
    const { ledger } = this.#surroundings;
    for (const sent of this.#open) ledger.answered(sent, 'unconfirmed');
    for (const change of this.#openChanges) ledger.changed(change, 'unconfirmed');
    this.#open.clear();
    this.#openChanges.clear();
  }

  send(target: Target, text: string): void {
    if (!this.running || !this.#client || !this.#life) return;
    const { world, ledger } = this.#surroundings;
    const number = numberOf(text);
    const sent = ledger.sending(this.#record, target, world.time.epochMs, { number });
    this.#open.add(sent);
    world.note(this.name, `sends ${text} to ${nameOf(target)}`);
    const { process } = this;
    this.#client.send(target, text).then(
      ({ id, seq }) => {
        this.#known.push(id);
        if (process.alive) this.#settle(sent, 'stored', { id, seq });
      },
      (error: unknown) => {
        if (process.alive) this.#refuse(sent, error);
      },
    );
  }

  sendTransient(target: Target, text: string): void {
    if (!this.running || !this.#client || !this.#life) return;
    const { world, ledger } = this.#surroundings;
    const number = numberOf(text);
    const sent = ledger.sending(this.#record, target, world.time.epochMs, { number });
    ledger.answered(sent, 'transient');
    void this.#client.sendTransient(target, text).then((written) => {
      if (written) world.note(this.name, `sends ${text}, transient, to ${nameOf(target)}`);
      else ledger.sent.delete(number);
    });
  }

  /** Edits, retracts or reacts to a message that it knows, if there is one that it may. */
  change(text: string): void {
    const client = this.#client;
    const { world, ledger } = this.#surroundings;
    const { random } = world;
    if (!this.running || !client || this.#known.length === 0) return;
    const id = random.pick(this.#known);
    const isOwn = id.startsWith(`${this.user.userId}.`);
    const kind = isOwn ? random.pick(['edit', 'edit', 'react', 'retract'] as const) : 'react';
    const emoji = random.chance(0.3) ? [] : [text];
    world.note(this.name, `${kind} ${text} of ${world.nameOf(id)}`);
    const values = { edit: text, retract: retraction, react: reactionsValue(emoji) };
    const change = ledger.changing(this.#record, kind, id, values[kind]);
    this.#openChanges.add(change);
    const changes = {
      edit: () => client.edit(id, text),
      retract: () => client.retract(id),
      react: () => client.react(id, emoji),
    };
    const { process } = this;
    const settle = (outcome: 'stored' | 'refused' | 'unconfirmed') => {
      if (!process.alive) return;
      this.#openChanges.delete(change);
      ledger.changed(change, outcome);
    };
    changes[kind]().then(
      () => settle('stored'),
      (error: unknown) => settle(outcomeOf(error)),
    );
  }

  /** All that it may read, as it is now. Rejects if a route does not answer. */
  async readBack(): Promise<void> {
    const client = this.#client;
    const { ledger, world } = this.#surroundings;
    const history = ledger.readsBack(this.#record);
    let before: string | null | undefined;
    while (client && before !== null) {
      const limit = world.random.integer(1, 20);
      const page = await client.history({ limit, ...(before !== undefined && { before }) });
      for (const message of page.messages) {
        const { id, from, group, seq, text, edited, retracted } = message;
        const number = ledger.numberOf(id);
        const isOther = edited !== undefined || retracted || number === 0;
        ledger.readBack(history, {
          ...{ id, from, seq, timeline: group ?? this.user.userId, aspects: aspectsOf(message) },
          isFaithful: isOther || text === textOf(number),
        });
      }
      before = page.next;
    }
  }

  /** Makes the group, or joins it. */
  enter(group: string): void {
    const client = this.#client;
    if (!this.running || !client) return;
    const { world, ledger } = this.#surroundings;
    const { process } = this;
    ledger.entering(group, this.user.userId);
    world.note(this.name, `enters ${group}`);
    client
      .createGroup(group)
      .catch(() => client.joinGroup(group))
      .then(
        () => {
          if (!process.alive) return;
          ledger.entered(group, this.#record);
          world.note(this.name, `is in ${group}`);
        },
        (error: unknown) => world.note(this.name, `is not in ${group}: ${describeError(error)}`),
      );
  }

  leave(group: string): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    ledger.left(group, this.user.userId);
    world.note(this.name, `leaves ${group}`);
    // Whether it was done nobody knows then; nothing more of the group is owed to them.
    this.#client.leaveGroup(group).catch(ignore('faults are what it is tried with'));
  }

  /** Removes somebody from it, if this user may. */
  remove(group: string, userId: number): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    ledger.removing(group, userId);
    this.#client.removeMember(group, userId).then(
      () => {
        ledger.removed(group, userId);
        world.note(this.name, `has removed ${userId} from ${group}`);
      },
      (error: unknown) =>
        world.note(this.name, `has not removed ${userId}: ${describeError(error)}`),
    );
  }

  invite(group: string, userId: number): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    ledger.inviting(group, userId);
    this.#client.inviteToGroup(group, userId).then(
      () => {
        ledger.invited(group, userId);
        world.note(this.name, `has invited ${userId} to ${group}`);
      },
      (error: unknown) =>
        world.note(this.name, `has not invited ${userId}: ${describeError(error)}`),
    );
  }

  schedule(target: Target, text: string, delaySeconds: number): void {
    if (!this.running || !this.#client) return;
    const { world, ledger } = this.#surroundings;
    const { userId } = this.user;
    const number = numberOf(text);
    const sent = ledger.sending({ userId }, target, world.time.epochMs, { number });
    this.#open.add(sent);
    world.note(this.name, `schedules ${text} to ${nameOf(target)}`);
    const { process } = this;
    this.#client.schedule(target, text, delaySeconds).then(
      () => {
        if (process.alive) this.#settle(sent, 'stored');
      },
      (error: unknown) => {
        if (process.alive) this.#refuse(sent, error);
      },
    );
  }

  #settle(
    sent: SentRecord,
    outcome: 'stored' | 'refused' | 'unconfirmed',
    known: { id?: string; seq?: number } = {},
  ): void {
    const { world, ledger } = this.#surroundings;
    this.#open.delete(sent);
    ledger.answered(sent, outcome, known);
    world.note(this.name, `${outcome} ${sent.number} ${known.seq ?? 0}`);
  }

  #refuse(sent: SentRecord, error: unknown): void {
    this.#settle(sent, outcomeOf(error));
  }

  #show(client: CimClient, message: Message): void | Promise<void> {
    const { world, ledger } = this.#surroundings;
    const { id, from, text, seq, edited, retracted } = message;
    if (!message.transient) this.#known.push(id);
    // What it learned of changes before is part of the message already.
    const isChanged = edited !== undefined || retracted;
    const number = isChanged ? ledger.numberOf(id) : numberOf(text);
    const sent = ledger.sent.get(number);
    const isFaithful = sent?.userId === from && isTo(sent.target, message);
    const shown = ledger.showed(this.#record, { number, seq, id, isFaithful });
    world.note(this.name, `shows ${text} ${message.group ?? ''}${seq}`);
    const { takingMsMax } = this.#options;
    const takingMs = takingMsMax === 0 ? 0 : world.random.integer(0, takingMsMax);
    if (world.random.chance(readShare))
      this.process.after(takingMs + world.random.integer(0, readMsMax), () =>
        this.#read(client, message, number),
      );
    const take = () => {
      if (!message.transient) ledger.marks.gets(this.#record, 'delivered', { number, id, seq });
    };
    if (takingMs === 0) return take();
    shown.isTaken = false;
    return new Promise((resolve) => {
      this.process.after(takingMs, () => {
        // What is still being taken when the client closes may be shown again.
        const isClosed = client.state === 'closed';
        shown.isTaken = !isClosed && !this.#isClosing;
        if (!isClosed) take();
        resolve();
      });
    });
  }

  /** Its person has seen it. */
  #read(client: CimClient, message: Message, number: number): void {
    if (message.transient || message.from === this.user.userId || client.state === 'closed') return;
    const { world, ledger } = this.#surroundings;
    world.note(this.name, `reads ${message.text}`);
    client.markRead(message);
    const { id, seq } = message;
    ledger.marks.gets(this.#record, 'read', { number, id, seq });
  }

  #hear(kind: MarkKind, mark: Mark): void {
    const { world, ledger } = this.#surroundings;
    world.note(this.name, `hears ${kind} by ${mark.by} ${world.nameOf(mark.upTo)}`);
    ledger.marks.hears(this.#record, kind, mark);
  }

  /** Asks how much is unread. Rejects if no route answers. */
  async countUnread(): Promise<void> {
    const { conversations } = (await this.#client?.conversations({ limit: 100 })) ?? {};
    const counts = (conversations ?? []).flatMap(({ peer, unread }) =>
      peer === undefined || peer === this.user.userId ? [] : [{ peer, unread }],
    );
    this.#surroundings.ledger.marks.counts(this.#record, counts);
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

function outcomeOf(error: unknown): 'refused' | 'unconfirmed' {
  if (!(error instanceof CimError)) throw error;
  return error.kind === 'unconfirmed' ? 'unconfirmed' : 'refused';
}

function isTo(target: Target, { to, group }: Message): boolean {
  return 'group' in target ? target.group === group : target.to === to && !group;
}

export function nameOf(target: Target): string | number {
  return 'group' in target ? target.group : target.to;
}
