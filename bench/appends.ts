/** What benchmarks of stores append: private messages, to the timelines of both sides. */
import { com } from '../src/codec/generated/cim.js';
import { sourceOf } from '../src/codec/identity.ts';
import { runOf } from '../src/codec/run.ts';
import { type Append, userTimeline } from '../src/store/timelines.ts';

const { Response, BaseCommand } = com.crossoverjie.cim.common.protocol;
const epochHex = '0123456789abcdef';
const resMsg = 'x'.repeat(64);

/** Appends of conversations that go on from one to the next. */
export class Appends {
  readonly #sent = new Map<string, number>();

  /** The next `count` messages, as one run: in the receiver's timeline, and in the sender's. */
  of(from: number, to: number, count = 1): Append[] {
    const source = sourceOf(from, epochHex, to, '');
    const sendSeq = (this.#sent.get(source) ?? 0) + 1;
    this.#sent.set(source, sendSeq + count - 1);
    const fromEpoch = Buffer.from(epochHex, 'hex');
    const sender = { from, fromName: 'somebody', fromEpoch, at: 1_700_000_000_000 };
    const bodies = Array.from({ length: count }, (_, index) => {
      const message = { resMsg, cmd: BaseCommand.MESSAGE, to, sendSeq: sendSeq + index };
      return Response.encode({ ...message, ...sender }).finish();
    });
    const run = { from, to, source, sendSeq, restart: false, silent: false, ...runOf(bodies) };
    return (from === to ? [to] : [to, from]).map((userId) => ({
      timeline: userTimeline(userId),
      ...run,
    }));
  }
}

/** From 1 up to `count`. */
export function anybody(count: number): number {
  return 1 + Math.floor(Math.random() * count);
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
