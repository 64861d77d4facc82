/** So many transfers of files at a time, of a route and of one address: each holds buffers. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Counter } from '../../base/process/counters.ts';
import { groupOf } from '../../limits/addresses.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';

const retryMs = 1_000;

export class Transfers {
  readonly #budget: ProcessBudget;
  readonly #refused: Counter;
  readonly #byAddress = new Map<string, number>();
  #count = 0;

  constructor(budget: ProcessBudget, refused: Counter) {
    this.#budget = budget;
    this.#refused = refused;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns what ends it. Throws `busy`. */
  begin(address: string): () => void {
    const group = groupOf(address);
    const own = this.#byAddress.get(group) ?? 0;
    if (this.#count >= limits.fileTransfersMax || own >= limits.fileTransfersPerAddressMax) {
      this.#refused.value += 1;
      throw new CimError('busy', 'too many files are on their way', { retryAfterMs: retryMs });
    }
    this.#count += 1;
    this.#byAddress.set(group, own + 1);
    this.#budget.take(limits.fileTransferBytes);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count -= 1;
      const left = (this.#byAddress.get(group) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(group);
      else this.#byAddress.set(group, left);
      this.#budget.giveBack(limits.fileTransferBytes);
    };
  }
}
