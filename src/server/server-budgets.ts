/**
 * What all connections to a server make it hold: the parts of the process' budget for what is half
 * read, in flight and on its way from routes, and who goes without when one of them is short.
 */
import { limits } from '../base/limits.ts';
import { Budget } from '../limits/budget.ts';
import { FairShare } from '../limits/fair-share.ts';
import { type Holder, heaviestFirst, type ProcessBudget } from '../limits/process-budget.ts';

/** A connection that may be in the middle of a frame. */
export interface FrameSender extends Pick<Holder, 'stalledAt' | 'drop'> {
  readonly takenBytes: number;
  drop(): void;
}

export class ServerBudgets {
  readonly process: ProcessBudget;
  /** What has come of frames that have not ended. */
  readonly halfRead: Budget;
  /** Messages that wait for a route. */
  readonly inFlight: Budget;
  /** The same, as far as others wait behind them. */
  readonly sharedMessages = new FairShare({
    most: limits.inFlightSharedMax,
    least: limits.inFlightShareMin,
  });
  readonly sharedBytes = new FairShare({
    most: limits.inFlightSharedBytesMax,
    least: limits.inFlightShareBytesMin,
  });
  /** Pages that routes are asked for: each may be `limits.pageBytesMax`. */
  readonly pages: Budget;

  constructor(
    process: ProcessBudget,
    senders: () => Iterable<FrameSender>,
    monotonic: () => number,
  ) {
    const { bytesMax } = process;
    this.process = process;
    this.inFlight = new Budget({ bytesMax: bytesMax * limits.inFlightShare, whole: process });
    this.pages = new Budget({ bytesMax: bytesMax * limits.pagesShare, whole: process });
    const halfReadMax = bytesMax * limits.halfReadShare;
    this.halfRead = new Budget({
      bytesMax: halfReadMax,
      whole: process,
      onOver: () => {
        for (const sender of heaviestFirst(
          senders(),
          ({ takenBytes }) => takenBytes,
          monotonic(),
        )) {
          if (this.halfRead.bytes <= halfReadMax * limits.relievedShare) return;
          sender.drop();
        }
      },
    });
  }

  /**
   * Whether one who has `own` bytes in flight may have so many more. While half is free, everybody;
   * then those who have little; when it is nearly gone, those who have next to nothing: so a few who
   * send much never silence the many who send little.
   */
  admits(own: number, bytes: number): boolean {
    const { inFlight, process } = this;
    const left = inFlight.bytesMax - inFlight.bytes;
    if (left > inFlight.bytesMax / 2 && !process.isShort) return true;
    if (left > inFlight.bytesMax / 8 && !process.isShort)
      return own + bytes <= limits.inFlightShortBytesMax;
    return left > 0 && own + bytes <= limits.inFlightLastBytesMax;
  }
}
