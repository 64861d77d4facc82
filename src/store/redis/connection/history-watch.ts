/**
 * Looks at the masters that are used, several times a second: how far what was acknowledged reaches
 * there, and, after a failover, whether the new one has it (histories.ts).
 */
import { Cluster, type Redis } from 'ioredis';
import type { Logger } from '../../../base/log.ts';
import { faults } from '../../../base/process/faults.ts';
import type { Health } from '../../../base/process/health.ts';
import { Histories, parseReplication } from './histories.ts';
import { describeRedisError } from './redis-errors.ts';
import type { RedisClient } from './redis-link.ts';

export interface HistoryWatchOptions {
  /** Undefined while there is none. */
  readonly client: () => RedisClient | undefined;
  /** What so many replicas have is acknowledged. */
  readonly ackReplicas: number;
  readonly log: Logger;
  /** Undefined: nobody asks. */
  readonly health: Health | undefined;
}

/** What a failover has taken. */
export interface LostTail {
  readonly at: Date;
  readonly bytes: number;
}

const lookMs = 200;
/** It is told at /readyz for so long. */
const toldMs = 3_600_000;

export class HistoryWatch {
  readonly #options: HistoryWatchOptions;
  readonly #histories = new Histories();
  #lost: LostTail | null = null;
  #looking: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HistoryWatchOptions) {
    this.#options = options;
    options.health?.watch('lost-tail', () => this.#toldNow());
    this.#lookLater();
  }

  /** The last one; null: none since the start. */
  get lost(): LostTail | null {
    return this.#lost;
  }

  #toldNow(): string | null {
    if (!this.#lost || Date.now() - this.#lost.at.getTime() > toldMs) return null;
    const { at, bytes } = this.#lost;
    return `the last ${bytes} bytes, in a failover of Redis at ${at.toISOString()}`;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#looking);
  }

  #lookLater(): void {
    if (!this.#isClosed) this.#looking = setTimeout(() => void this.#look(), lookMs);
  }

  async #look(): Promise<void> {
    const client = this.#options.client();
    const masters = client instanceof Cluster ? client.nodes('master') : client ? [client] : [];
    await Promise.all(masters.map((master) => this.#lookAt(master)));
    this.#lookLater();
  }

  async #lookAt(master: Redis): Promise<void> {
    const { log, ackReplicas } = this.#options;
    try {
      const replication = parseReplication(await master.info('replication'));
      const bytes = this.#histories.lostBytes(replication);
      if (bytes > 0) {
        this.#lost = { at: new Date(), bytes };
        log.error({ bytes, history: replication.historyBefore }, faults['lost-tail'].words);
      }
      this.#histories.acknowledge(replication, ackReplicas);
    } catch (error) {
      log.debug({ problem: describeRedisError(error) }, 'the history of redis was not looked at');
    }
  }
}
