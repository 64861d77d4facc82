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
import type { DeviceRecord, Ledger, LifeRecord, SentRecord } from '../witness/ledger.ts';
import { type AttachedStorage, DeviceStorage } from './device-storage.ts';
import { FragileNetwork } from './fragile-network.ts';
import type { Latency, Undisturbed } from './latency.ts';
import { numberOf, textOf } from './message-text.ts';
import type { Person } from './population.ts';

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
}

/** Of what a closing device waits for; what is not answered then is unconfirmed. */
const closeMs = 2_000;

export class Device implements Undisturbed {
  readonly network: FragileNetwork;
  readonly #options: DeviceOptions;
  readonly #storage = new DeviceStorage();
  readonly #record: DeviceRecord;
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
      // What it measures is delivery: sealing takes more than all the rest together.
      e2ee: 'off',
      platform: { ...platform, transport: this.network.transport, http: this.network.http },
    });
    const record = ledger.began(this.#record);
    this.#life = { client, storage, record, waiting: new Set() };
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
    client.on('message', (message) => this.#show(message));
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
  say(target: Target): void {
    const life = this.#life;
    if (!life) return;
    const { run, ledger, latency, platform } = this.#options;
    const record = ledger.sending(this.#record, target, platform.clock.now());
    latency.sent(record.number, this);
    life.waiting.add(record);
    life.client
      .send(target, textOf(run, record.number))
      .then(
        ({ seq, id }) => ledger.answered(record, 'stored', { seq, id }),
        (error: unknown) => ledger.answered(record, outcomeOf(error), { code: codeOf(error) }),
      )
      .finally(() => life.waiting.delete(record));
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

  #show(message: Message): void {
    const { run, isOfRun, ledger, latency } = this.#options;
    // What others say in the lobby is none of our business.
    if (!isOfRun(message.from)) return;
    const number = numberOf(run, message.text) ?? 0;
    const sent = ledger.sent.get(number);
    const isFaithful = sent !== undefined && isSame(sent, message, textOf(run, number));
    ledger.showed(this.#record, { number, seq: message.seq, id: message.id, isFaithful });
    latency.shown(number, this);
  }

  #problem(problem: string): void {
    const time = new Date(this.#options.platform.clock.now()).toISOString();
    this.#options.onProblem(`at ${time} device ${this.name} ${problem}`);
  }
}

function isSame({ userId, target }: SentRecord, message: Message, text: string): boolean {
  const hasTarget =
    'group' in target ? message.group === target.group : message.to === target.to && !message.group;
  return message.from === userId && hasTarget && message.text === text;
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
