/**
 * A process of a bench that has connections and puts load on them. It is told what to do by the one
 * that coordinates (crew.ts), over the channel that Node.js opens between parent and child.
 */
import { CimError, describeError, exitCodes } from '../base/errors.ts';
import { Tls } from '../base/tls.ts';
import type { Channel } from './channel.ts';
import { idleLoad, type Load } from './load.ts';
import { createLoad } from './loads.ts';
import type { FromWorker, Order, ToWorker } from './order.ts';
import { Party } from './party.ts';
import { Tally } from './tally.ts';

/** How long what is on its way may take at the end. */
const finishMsMax = 5_000;
const pollMs = 20;

/** Resolves to the exit code, when it is not needed any more. */
export function runWorker(channel: Channel): Promise<number> {
  const worker = new Worker(channel);
  return new Promise((resolve) => {
    channel.receive((message) => {
      if (message) void worker.obey(message);
      else {
        worker.close();
        resolve(exitCodes.ok);
      }
    });
  });
}

class Worker {
  readonly #channel: Channel;
  #party: Party | undefined;
  #load: Load = idleLoad(() => this.#tally);
  #tally = new Tally();
  #cpu = process.cpuUsage();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async obey(message: ToWorker): Promise<void> {
    try {
      this.#channel.send(await this.#do(message));
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      this.#channel.send({ is: 'failed', kind: error.kind, message: describeError(error) });
    }
  }

  close(): void {
    this.#load.stop();
    this.#party?.close();
  }

  async #do(message: ToWorker): Promise<FromWorker> {
    switch (message.do) {
      case 'open':
        return { is: 'open', servers: await this.#open(message.order) };
      case 'create-groups':
        await this.#party?.createGroups();
        return { is: 'done' };
      case 'join-groups':
        await this.#party?.joinGroups();
        return { is: 'done' };
      case 'run':
        this.#load.run(message.perSecond);
        return { is: 'done' };
      case 'take':
        return { is: 'taken', tally: this.#take() };
      case 'finish':
        await this.#finish();
        return { is: 'done' };
    }
  }

  async #open(order: Order): Promise<readonly string[]> {
    const party = new Party(order, await Tls.open(order.tls), {
      events: () => this.#load,
      onProgress: (registered, opened) => this.#channel.send({ is: 'opening', registered, opened }),
    });
    this.#party = party;
    await party.open();
    this.#load = createLoad(order, party, () => this.#tally);
    return party.servers;
  }

  #take() {
    const { user, system } = process.cpuUsage(this.#cpu);
    const tally = this.#tally.toMessage((user + system) / 1e6);
    this.#cpu = process.cpuUsage();
    this.#tally = new Tally();
    return tally;
  }

  async #finish(): Promise<void> {
    this.#load.stop();
    for (let waitedMs = 0; this.#load.inFlight > 0 && waitedMs < finishMsMax; waitedMs += pollMs)
      await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
