/**
 * So many transfers of files at a time, as each holds buffers: of a route, of a kind, of one address, of
 * one user who uploads, and of one file that is read. Where there is no room for another one, the
 * slowest makes room, if it is slow: what was cut off goes on where it was.
 */
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Counter } from '../../base/process/counters.ts';
import { groupOf } from '../../limits/addresses.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';

const retryMs = 1_000;

/** Who sends or reads. */
export interface TransferPeer {
  readonly address: string;
  /** Bytes that have gone to and fro; it only grows. */
  moved(): number;
  /** Ends it at once. */
  drop(): void;
}

export interface Transfer {
  readonly kind: 'upload' | 'download';
  /** The user whose file it is, for an upload; the file, for a download. */
  readonly of: string;
  readonly peer: TransferPeer;
}

export interface TransfersOptions {
  readonly budget: ProcessBudget;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly refused: Counter;
  readonly cut: Counter;
}

interface Running extends Transfer {
  readonly group: string;
  end(): void;
  /** When it was looked at, what had moved by then, and how fast it was before. */
  lookedAt: number;
  moved: number;
  bytesPerSecond: number;
}

const ofOneMax = {
  upload: limits.fileUploadsPerUserMax,
  download: limits.fileReadersMax,
} as const;

export class Transfers {
  readonly #options: TransfersOptions;
  readonly #running = new Set<Running>();

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Returns what ends it. Throws `busy`. */
  begin(transfer: Transfer): () => void {
    const { kind, of, peer } = transfer;
    const group = groupOf(peer.address);
    const isFull =
      this.#countOf((other) => other.group === group) >= limits.fileTransfersPerAddressMax ||
      this.#countOf((other) => other.kind === kind && other.of === of) >= ofOneMax[kind];
    if (isFull || !this.#hasRoom(kind)) {
      this.#options.refused.value += 1;
      throw new CimError('busy', 'too many files are on their way', { retryAfterMs: retryMs });
    }
    return this.#add(transfer, group);
  }

  #add(transfer: Transfer, group: string): () => void {
    const { budget, clock } = this.#options;
    const end = () => {
      if (this.#running.delete(running)) budget.giveBack(limits.fileTransferBytes);
    };
    const running: Running = {
      ...{ ...transfer, group, end },
      ...{ lookedAt: clock.monotonic(), moved: transfer.peer.moved(), bytesPerSecond: Infinity },
    };
    this.#running.add(running);
    budget.take(limits.fileTransferBytes);
    return end;
  }

  /** A part of the places is kept for the other kind. */
  #hasRoom(kind: Transfer['kind']): boolean {
    const ofKind = ({ kind: other }: Running) => other === kind;
    const isKindFull = this.#countOf(ofKind) >= limits.fileTransfersOfKindMax;
    if (!isKindFull && this.count < limits.fileTransfersMax) return true;
    const slowest = this.#slowest(isKindFull ? ofKind : () => true);
    if (!slowest) return false;
    this.#options.cut.value += 1;
    slowest.end();
    slowest.peer.drop();
    return true;
  }

  #slowest(isMeant: (running: Running) => boolean): Running | undefined {
    const now = this.#options.clock.monotonic();
    let slowest: Running | undefined;
    for (const running of this.#running) {
      look(running, now);
      if (!isMeant(running) || running.bytesPerSecond >= limits.fileTransferBytesPerSecondMin)
        continue;
      if (!slowest || running.bytesPerSecond < slowest.bytesPerSecond) slowest = running;
    }
    return slowest;
  }

  #countOf(isMeant: (running: Running) => boolean): number {
    let count = 0;
    for (const running of this.#running) if (isMeant(running)) count += 1;
    return count;
  }
}

/** How fast it is, of late. */
function look(running: Running, now: number): void {
  const ms = now - running.lookedAt;
  if (ms < limits.fileTransferLookMs) return;
  const moved = running.peer.moved();
  running.bytesPerSecond = ((moved - running.moved) * 1_000) / ms;
  running.moved = moved;
  running.lookedAt = now;
}
