/** What the library `ws` has beside what is described of it: its reader and its writer of frames. */
import type { Writable } from 'node:stream';

declare module 'ws' {
  export class Receiver extends Writable {
    constructor(options: { isServer: boolean; maxPayload?: number; maxFragments?: number });
  }
  export const Sender: {
    frame(
      data: Buffer,
      options: { opcode: number; fin: boolean; mask: boolean; rsv1: boolean; readOnly: boolean },
    ): Buffer[];
  };
}
