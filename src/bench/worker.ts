/**
 * A process of a bench that has connections and puts load on them. It is told what to do by the one
 * that coordinates (crew.ts).
 */
import { CimError } from '../base/errors.ts';
import { exitCodes } from '../base/exit-codes.ts';
import { Tls } from '../base/network/tls.ts';
import { answerQuestions, notifyAsker } from '../processes/asked-process.ts';
import { idleLoad, type Load } from './load.ts';
import { createLoad } from './loads.ts';
import {
  type FromWorker,
  type Opening,
  type Order,
  type ToWorker,
  workerVariable,
} from './order.ts';
import { Party } from './party.ts';
import { Tally } from './tally.ts';

/** How long what is on its way may take at the end. */
const finishMsMax = 5_000;
const pollMs = 20;

/** Resolves to the exit code, when it is not needed any more. */
export async function runWorker(): Promise<number> {
  if (!process.connected)
    throw new CimError('usage', `${workerVariable} is for processes that cim bench starts itself`);
  const worker = new Worker();
  await answerQuestions((message: ToWorker) => worker.obey(message));
  worker.close();
  return exitCodes.ok;
}

class Worker {
  #party: Party | undefined;
  #load: Load = idleLoad(() => this.#tally);
  #tally = new Tally();
  #cpu = process.cpuUsage();

  close(): void {
    this.#load.stop();
    this.#party?.close();
  }

  async obey(message: ToWorker): Promise<FromWorker> {
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
    const onProgress = (registered: number, opened: number): void =>
      notifyAsker<Opening>({ registered, opened });
    const party = new Party(order, await Tls.open(order.tls), this.#load, onProgress);
    this.#party = party;
    await party.open();
    this.#load = createLoad(order, party, () => this.#tally);
    party.events = this.#load;
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
