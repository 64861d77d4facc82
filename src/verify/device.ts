/**
 * One device of one person: a chain of SDK instances ("lives") on one storage and one network, all
 * of whose doings go into the ledger.
 */
import { describeError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import {
  CimClient,
  CimError,
  type Message,
  type Platform,
  type SecretKeeper,
  type Target,
} from '../client/sdk/index.ts';
import type {
  ChangeRecord,
  DeviceRecord,
  Ledger,
  LifeRecord,
  SentRecord,
} from '../witness/ledger.ts';
import { aspectsOf, reactionsValue, retraction } from '../witness/pictures.ts';
import { type AttachedStorage, DeviceStorage } from './device-storage.ts';
import { FragileNetwork } from './fragile-network.ts';
import { KnownMessages } from './known-messages.ts';
import type { Latency, Undisturbed } from './latency.ts';
import { editedText, numberOf, textOf } from './message-text.ts';
import type { Person } from './population.ts';
import type { Changing } from './workload.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly person: Person;
  /** Has the secret of the person's account, for all their devices. */
  readonly secrets: SecretKeeper;
  readonly run: string;
  /** The named groups that its user is in. */
  readonly groups: readonly string[];
  /** Whether this user is one of the run's people. */
  readonly isOfRun: (userId: number) => boolean;
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Platform;
  readonly ledger: Ledger;
  readonly latency: Latency;
  /** Something has happened that should not, whatever the messages say. */
  readonly onProblem: (problem: string) => void;
}

interface Life {
  readonly client: CimClient;
  readonly storage: AttachedStorage;
  readonly record: LifeRecord;
  readonly waiting: Set<SentRecord>;
  readonly changing: Set<ChangeRecord>;
}

/** Of what a closing device waits for; what is not answered then is unconfirmed. */
const closeMs = 2_000;
/** One message in so many is read at once by its person. */
const readEach = 3;

export class Device implements Undisturbed {
  readonly network: FragileNetwork;
  readonly #options: DeviceOptions;
  readonly #storage = new DeviceStorage();
  readonly #record: DeviceRecord;
  readonly #known = new KnownMessages();
  #life: Life | undefined;
  #connectedSinceMs = Infinity;
  #isDisturbed = false;
  #lastWarning = '';

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.network = new FragileNetwork(options.platform);
    this.#record = options.ledger.addDevice(options.name, options.person.userId);
  }

  get name(): string {
    return this.#options.name;
  }

  get userId(): number {
    return this.#options.person.userId;
  }

  get calmSinceMs(): number {
    return this.#isDisturbed ? Infinity : this.#connectedSinceMs;
  }

  get isReady(): boolean {
    return this.#life?.client.state === 'ready';
  }

  /** It follows all timelines that are its user's, and has saved where it begins. */
  get isSettled(): boolean {
    const { savedSeqs } = this.#storage;
    const { groups } = this.#options;
    return this.isReady && ['', ...groups].every((timeline) => savedSeqs.has(timeline));
  }

  /** Why it is not ready, as far as is known. */
  get lastWarning(): string {
    return this.#lastWarning;
  }

  /**
   * Not calm while `disturb` runs. Nothing is done while another one still runs: a device that closes
   * while nobody answers takes its time, and is not to be started twice.
   */
  async disturbed(disturb: () => Promise<void>): Promise<void> {
    if (this.#isDisturbed) return;
    this.#isDisturbed = true;
    await disturb();
    this.#isDisturbed = false;
    if (this.#connectedSinceMs !== Infinity) this.#connectedSinceMs = performance.now();
  }

  start(): void {
    const { person, secrets, routes, platform, ledger } = this.#options;
    const storage = this.#storage.attach();
    const client = new CimClient({
      userId: person.userId,
      userName: person.userName,
      routes,
      storage,
      credentials: { keeper: secrets },
      e2ee: person.encrypts ? 'auto' : 'off',
      platform: { ...platform, transport: this.network.transport, http: this.network.http },
    });
    const record = ledger.began(this.#record);
    this.#life = { client, storage, record, waiting: new Set(), changing: new Set() };
    client.on('ready', () => {
      ledger.ready(record);
      this.#connectedSinceMs = performance.now();
    });
    client.on('offline', ({ reason }) => {
      this.#connectedSinceMs = Infinity;
      this.#lastWarning = reason;
    });
    client.on('warning', ({ message }) => {
      this.#lastWarning = message;
    });
    client.on('gap', ({ first, last }) =>
      this.#problem(`messages ${first} to ${last} of its timeline are said to be gone`),
    );
    client.on('closed', ({ reason }) => this.#closed(client, reason));
    client.on('message', (message) => this.#show(client, message));
    client.on('delivered', (mark) => ledger.marks.hears(this.#record, 'delivered', mark));
    client.on('read', (mark) => ledger.marks.hears(this.#record, 'read', mark));
    client
      .start()
      .catch(ignore('a client that is closed before it was ever ready: `closed` has told'));
  }

  /** Makes its user a member of this group; `asFirst` makes the group. */
  async enter(group: string, asFirst: boolean): Promise<void> {
    const client = this.#life?.client;
    await (asFirst ? client?.createGroup(group) : client?.joinGroup(group));
  }

  /** Nothing happens between two lives. */
  say(target: Target, reply: number | undefined): void {
    const life = this.#life;
    if (!life) return;
    const { run, ledger, latency, platform } = this.#options;
    const isHere = (other: { readonly target: Target }) => isSameTarget(other.target, target);
    const replyTo = reply === undefined ? undefined : this.#known.pick(reply, isHere)?.id;
    const extras = { ...(replyTo !== undefined && { replyTo }) };
    const record = ledger.sending(this.#record, target, platform.clock.now(), extras);
    const { number } = record;
    latency.sent(number, this);
    life.waiting.add(record);
    life.client
      .send(target, textOf(run, number), extras)
      .then(
        ({ seq, id, encrypted = false }) => {
          ledger.answered(record, 'stored', { seq, id, isEncrypted: encrypted });
          this.#known.add({ id, number, isOwn: true, target });
        },
        (error: unknown) => ledger.answered(record, outcomeOf(error), { code: codeOf(error) }),
      )
      .finally(() => life.waiting.delete(record));
  }

  /** Nothing happens between two lives, nor if it knows no such message. */
  change({ kind, choice, takesBack, isForeign }: Changing): void {
    const life = this.#life;
    const message = this.#known.pick(
      choice,
      ({ isOwn }) => kind === 'react' || isOwn === !isForeign,
    );
    if (!life || !message) return;
    const { run, ledger } = this.#options;
    const { id, number } = message;
    const count = ledger.changes.length + 1;
    const text = editedText(run, number, count);
    const emoji = takesBack ? [] : ['👍', `${count}`];
    const { client, changing } = life;
    const value = { edit: text, retract: retraction, react: reactionsValue(emoji) }[kind];
    const record = ledger.changing(this.#record, kind, id, value);
    changing.add(record);
    const changes = {
      edit: () => client.edit(id, text),
      retract: () => client.retract(id),
      react: () => client.react(id, emoji),
    };
    changes[kind]()
      .then(
        () => ledger.changed(record, 'stored'),
        (error: unknown) => ledger.changed(record, outcomeOf(error), codeOf(error)),
      )
      .finally(() => changing.delete(record));
  }

  /** What has become of all that its user may read. */
  async readBack(): Promise<void> {
    const client = this.#life?.client;
    if (!client) return;
    const { ledger, isOfRun, run } = this.#options;
    const history = ledger.readsBack(this.#record);
    try {
      for await (const message of client.export()) {
        if (message.record !== 'message' || !isOfRun(message.from)) continue;
        const { id, from, group, seq } = message;
        const number = numberOf(run, message.text) ?? ledger.numberOf(id);
        ledger.readBack(history, {
          ...{ id, from, seq, timeline: group ?? this.userId, aspects: aspectsOf(message) },
          isFaithful: isSame(ledger.sent.get(number), message, textOf(run, number)),
        });
      }
    } catch (error) {
      this.#problem(`cannot read its history: ${describeError(error)}`);
    }
  }

  /** Ends this life in good order. */
  async close(timeoutMs = closeMs): Promise<void> {
    const life = this.#end('closed');
    await life?.client.close({ timeoutMs });
  }

  /** Ends this life at once: what is not saved is forgotten, what is not sent stays unsaid. */
  async crash(): Promise<void> {
    const life = this.#end('crashed');
    if (!life) return;
    life.storage.detach();
    life.record.savedSeqs = this.#storage.savedSeqs;
    for (const record of life.waiting)
      this.#options.ledger.answered(record, 'unconfirmed', { code: 'crash' });
    for (const record of life.changing)
      this.#options.ledger.changed(record, 'unconfirmed', 'crash');
    this.network.abandon();
    await life.client.close({ timeoutMs: 0 });
  }

  #end(how: 'closed' | 'crashed'): Life | undefined {
    const life = this.#life;
    this.#life = undefined;
    this.#connectedSinceMs = Infinity;
    if (life) life.record.end = how;
    return life;
  }

  #closed(client: CimClient, reason: string): void {
    if (this.#life?.client !== client) return;
    this.#problem(`was told not to come back: ${reason}`);
    this.#end('closed');
    this.start();
  }

  #show(client: CimClient, message: Message): void {
    const { run, isOfRun, ledger, latency } = this.#options;
    // What others say in the lobby is none of our business.
    if (!isOfRun(message.from)) return;
    const { id, seq, from, group } = message;
    const number = numberOf(run, message.text) ?? ledger.numberOf(id);
    const isFaithful = isSame(ledger.sent.get(number), message, textOf(run, number));
    ledger.showed(this.#record, { number, seq, id, isFaithful });
    const isOwn = from === this.userId;
    ledger.marks.gets(this.#record, 'delivered', { number, id, seq });
    if (!isOwn && number % readEach === 0) {
      client.markRead(message);
      ledger.marks.gets(this.#record, 'read', { number, id, seq });
    }
    const target = group === undefined ? { to: isOwn ? (message.to ?? 0) : from } : { group };
    this.#known.add({ id, number, isOwn, target });
    if (!message.encrypted) latency.shown(number, this);
  }

  #problem(problem: string): void {
    const time = new Date(this.#options.platform.clock.now()).toISOString();
    this.#options.onProblem(`at ${time} device ${this.name} ${problem}`);
  }
}

/** As it was sent; its text, and what it answers, unless that was changed since. */
function isSame(sent: SentRecord | undefined, message: Message, text: string): boolean {
  if (!sent) return false;
  const { userId, target, replyTo } = sent;
  const hasTarget =
    'group' in target ? message.group === target.group : message.to === target.to && !message.group;
  const isAnswer = message.retracted || (message.replyTo ?? '') === replyTo;
  const isChanged = message.retracted || message.edited !== undefined;
  return message.from === userId && hasTarget && isAnswer && (isChanged || message.text === text);
}

function isSameTarget(one: Target, other: Target): boolean {
  if ('group' in one) return 'group' in other && one.group === other.group;
  return 'to' in other && one.to === other.to;
}

/** `internal`: the route has failed over it, and says nothing about what it had done by then. */
function outcomeOf(error: unknown): 'refused' | 'unconfirmed' {
  const isKnown =
    error instanceof CimError && error.kind !== 'unconfirmed' && error.kind !== 'internal';
  return isKnown ? 'refused' : 'unconfirmed';
}

function codeOf(error: unknown): string {
  return error instanceof CimError ? error.kind : describeError(error);
}
