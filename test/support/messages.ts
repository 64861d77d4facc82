/** Messages as a route stores them, and appends of them, in a few words. */
import { randomBytes } from 'node:crypto';
import { com } from '../../src/codec/generated/cim.js';
import { identityOf, sourceOf } from '../../src/codec/identity.ts';
import { runOf, skipOf } from '../../src/codec/run.ts';
import type { Append, Page, TimelineId } from '../../src/store/timelines.ts';

const { Response, BaseCommand } = com.crossoverjie.cim.common.protocol;

export function textsOf(messages: Page['messages']): string[] {
  return messages.map(({ body }) => Response.decode(body).resMsg);
}

/** One conversation of one epoch of a device: "from me to that user" or "to that group". */
export class Conversation {
  readonly from: number;
  readonly to: number | string;
  readonly epochHex: string;
  readonly source: string;

  constructor(from: number, to: number | string, epochHex = randomBytes(8).toString('hex')) {
    this.from = from;
    this.to = to;
    this.epochHex = epochHex;
    this.source =
      typeof to === 'number' ? sourceOf(from, epochHex, to, '') : sourceOf(from, epochHex, 0, to);
  }

  /** The body of a message, as it is stored. */
  body(sendSeq: number, text = `text ${sendSeq}`): Uint8Array {
    return Response.encode({
      resMsg: text,
      cmd: BaseCommand.MESSAGE,
      ...(typeof this.to === 'number' ? { to: this.to } : { group: this.to }),
      sendSeq,
      from: this.from,
      fromEpoch: Buffer.from(this.epochHex, 'hex'),
      at: 1_700_000_000_000 + sendSeq,
    }).finish();
  }

  identity(sendSeq: number): string {
    return identityOf(this.body(sendSeq));
  }

  /** An append of `texts`, the first of which has the number `sendSeq`; none is a skip of one. */
  append(timeline: TimelineId, sendSeq: number, texts: readonly string[]): Append {
    const bodies = texts.map((text, index) => this.body(sendSeq + index, text));
    const run = bodies.length === 0 ? skipOf(1) : runOf(bodies);
    const { from, source } = this;
    const to = typeof this.to === 'number' ? this.to : 0;
    return { timeline, from, to, source, sendSeq, restart: false, silent: false, ...run };
  }
}
