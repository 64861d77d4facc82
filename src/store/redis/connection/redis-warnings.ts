/** What may lose acknowledged messages in how a Redis is set up: told once for each server. */
import type { Logger } from '../../../base/log.ts';
import type { ServerInspection } from './redis-checks.ts';

export class RedisWarnings {
  readonly #log: Logger;
  readonly #ackReplicas: number;
  readonly #told = new Set<string>();

  /** `ackReplicas`: how many replicas have an append when it is answered. */
  constructor(log: Logger, ackReplicas: number) {
    this.#log = log;
    this.#ackReplicas = ackReplicas;
  }

  tell(node: string, { warnings, connectedReplicas }: ServerInspection): void {
    for (const warning of warnings) {
      if (this.#isNews(`${node} ${warning}`))
        this.#log.warn({ node, warning }, 'redis may lose what it has acknowledged');
    }
    const replicas = { wanted: this.#ackReplicas, connected: connectedReplicas };
    if (replicas.connected < replicas.wanted && this.#isNews(`${node} ${connectedReplicas}`)) {
      this.#log.warn(
        { node, ...replicas },
        'nothing is acknowledged until redis has more replicas',
      );
    }
  }

  #isNews(warning: string): boolean {
    if (this.#told.has(warning)) return false;
    this.#told.add(warning);
    return true;
  }
}
