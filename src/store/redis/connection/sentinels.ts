/**
 * The Sentinels of a master: asks all of them, those too that the others name, who it is, takes one
 * on which a majority agrees (agreement.ts), and goes on asking: whoever uses a master that was
 * replaced is told at once. A killed master that comes back is so never used beside the new one.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { ignore } from '../../../base/ignore.ts';
import type { Logger } from '../../../base/log.ts';
import { formatHostPort, type HostPort } from '../../../base/network/host-port.ts';
import { type AgreedMaster, agreedMaster, isOutdated, type SentinelView } from './agreement.ts';
import type { RedisTls } from './redis-tls.ts';

export interface SentinelsOptions {
  /** Some of them. */
  readonly addresses: readonly HostPort[];
  readonly masterName: string;
  readonly tls: RedisTls | undefined;
  readonly log: Logger;
}

/** How often they are asked while a master is used. */
const askMs = 500;
/** A Sentinel that does not answer within this time is counted as away. */
const answerMs = 1_000;
/** How long a socket may take to close. */
const closeMs = 100;
/** Of these, whatever the others name: more are no Sentinels of one master. */
const sentinelsMax = 32;

export class Sentinels {
  readonly #options: SentinelsOptions;
  readonly #clients = new Map<string, Redis>();
  readonly #listeners = new Set<() => void>();
  #named: readonly HostPort[] = [];
  #round: Promise<AgreedMaster> | undefined;
  #taken: AgreedMaster | undefined;
  #watching: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SentinelsOptions) {
    this.#options = options;
  }

  /** The master on which a majority agrees; rejects with why there is none now. */
  async master(): Promise<HostPort> {
    this.#round ??= this.#agree().finally(() => {
      this.#round = undefined;
    });
    const { master } = await this.#round;
    this.#watch();
    return master;
  }

  /** Calls back when the master that was given is no longer the master. */
  onMoved(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#watching);
    for (const client of this.#clients.values()) client.disconnect();
    this.#clients.clear();
  }

  async #agree(): Promise<AgreedMaster> {
    const views = await this.#ask();
    const agreed = agreedMaster(views);
    if (typeof agreed === 'string') throw new Error(agreed);
    this.#leaveIfOutdated(views, agreed);
    this.#taken = agreed;
    return agreed;
  }

  #watch(): void {
    if (this.#watching || this.#isClosed) return;
    this.#watching = setTimeout(() => void this.#look(), askMs);
  }

  async #look(): Promise<void> {
    const views = await this.#ask();
    this.#leaveIfOutdated(views, agreedMaster(views));
    this.#watching = undefined;
    this.#watch();
  }

  #leaveIfOutdated(views: readonly SentinelView[], agreed: AgreedMaster | string): void {
    if (!this.#taken || !isOutdated(this.#taken, views, agreed)) return;
    const master = formatHostPort(this.#taken.master);
    this.#taken = undefined;
    this.#options.log.info({ master }, 'redis has another master, by Sentinel');
    for (const listener of this.#listeners) listener();
  }

  /** What those say that answer, and those that they name. Never rejects. */
  async #ask(): Promise<SentinelView[]> {
    const answered = await this.#askAll([...this.#options.addresses, ...this.#named]);
    const named = answered.flatMap((answer) => answer.named);
    const known = new Set([...this.#options.addresses, ...this.#named].map(formatHostPort));
    const others = await this.#askAll(
      named.filter((address) => !known.has(formatHostPort(address))),
    );
    if (named.length > 0) this.#named = [...named, ...others.flatMap((answer) => answer.named)];
    return [...answered, ...others].map(({ view }) => view);
  }

  async #askAll(addresses: readonly HostPort[]): Promise<Answer[]> {
    const each = [
      ...new Map(addresses.map((address) => [formatHostPort(address), address])).values(),
    ];
    const asked = each.slice(0, sentinelsMax);
    const answers = await Promise.all(asked.map((address) => this.#askOne(address)));
    return answers.filter((answer) => answer !== undefined);
  }

  async #askOne(address: HostPort): Promise<Answer | undefined> {
    const { masterName } = this.#options;
    const client = this.#clientOf(address);
    try {
      const [id, master, sentinels] = await Promise.all([
        client.call('SENTINEL', 'MYID'),
        client.call('SENTINEL', 'MASTER', masterName),
        client.call('SENTINEL', 'SENTINELS', masterName),
      ]);
      return {
        view: viewOf(String(id), fieldsOf(master)),
        named: (sentinels as unknown[]).map((each) => addressOf(fieldsOf(each))),
      };
    } catch (error) {
      this.#options.log.debug(
        { sentinel: formatHostPort(address), error },
        'a sentinel did not answer',
      );
      client.disconnect();
      this.#clients.delete(formatHostPort(address));
      return undefined;
    }
  }

  #clientOf(address: HostPort): Redis {
    const known = this.#clients.get(formatHostPort(address));
    if (known) return known;
    const client = new Redis({
      ...address,
      ...(this.#options.tls ? { tls: this.#options.tls } : {}),
      connectTimeout: answerMs,
      commandTimeout: answerMs,
      disconnectTimeout: closeMs,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      protocol: 2,
      disableClientInfo: true,
    });
    client.on('error', ignore('whoever asks by it hears of it'));
    // In close() nobody is there to end it later.
    if (this.#isClosed) client.disconnect();
    else this.#clients.set(formatHostPort(address), client);
    return client;
  }
}

interface Answer {
  readonly view: SentinelView;
  readonly named: readonly HostPort[];
}

/** Names and values in turn. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const words = (reply as unknown[]).map(String);
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < words.length; index += 2)
    fields.set(words[index] as string, words[index + 1] as string);
  return fields;
}

function addressOf(fields: ReadonlyMap<string, string>): HostPort {
  return { host: fields.get('ip') ?? '', port: Number(fields.get('port')) };
}

function viewOf(id: string, fields: ReadonlyMap<string, string>): SentinelView {
  const flags = (fields.get('flags') ?? '').split(',');
  return {
    id,
    master: addressOf(fields),
    epoch: Number(fields.get('config-epoch')),
    isFailingOver: flags.includes('failover_in_progress') || flags.includes('o_down'),
    others: Number(fields.get('num-other-sentinels')),
  };
}

/** For `Redis`: connects to the master on which the Sentinels agree, and waits until they do. */
export function masterConnector(
  sentinels: Sentinels,
  tls: RedisTls | undefined,
  pauseMs: () => number,
): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(closeMs);
    }

    async connect(emit: (type: string, error: Error) => void): Promise<Socket> {
      this.connecting = true;
      for (;;) {
        try {
          const address = await sentinels.master();
          if (!this.connecting) throw new Error('the connection is closed');
          const stream = tls ? connectTls({ ...address, ...tls }) : connectPlain(address);
          this.stream = stream;
          stream.once('error', (error: Error) => {
            this.firstError = error;
          });
          return stream;
        } catch (error) {
          if (!this.connecting) throw error;
          emit('error', error as Error);
          await delay(pauseMs());
        }
      }
    }
  };
}
