/**
 * Pages on their way from routes, for all connections: each may be `limits.pageBytesMax` of memory,
 * so a bounded number is asked for at a time, and the others wait in their order.
 */
import type { ReadEntry, ReadResult, RouteApi } from '../api/route-api.ts';
import { limits } from '../base/limits.ts';
import { Gather } from '../link/gather.ts';

interface Read {
  readonly entry: ReadEntry;
  readonly settle: (result: ReadResult) => void;
}

export class PageQueue {
  readonly #gather: Gather<ReadEntry, ReadResult, Read>;
  readonly #waiting = new Set<Read>();
  #underWay = 0;

  constructor(routes: Pick<RouteApi, 'read'>) {
    this.#gather = new Gather(routes.read, (read: Read, result) => this.#settled(read, result));
  }

  read(entry: ReadEntry, settle: (result: ReadResult) => void): void {
    const read = { entry, settle };
    if (this.#underWay < limits.pagesUnderWayMax) this.#start(read);
    else this.#waiting.add(read);
  }

  #start(read: Read): void {
    this.#underWay += 1;
    this.#gather.add(read.entry, read);
  }

  #settled({ settle }: Read, result: ReadResult): void {
    this.#underWay -= 1;
    // Before whatever this one brings about: who has waited longest is next.
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      this.#start(next);
    }
    settle(result);
  }
}
