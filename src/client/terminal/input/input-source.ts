/**
 * Where lines come from: a pipe or file (pipe-input.ts), or a person's keyboard
 * (terminal-screen.ts).
 */
import type { ReadLine } from './line-splitter.ts';

/** The input has ended before its end; the message is one line for whoever gave it. */
export class InputFailure extends Error {}

export interface InputSource {
  /**
   * Read no faster than they are asked for; ends when the input does, or at stop(). To be iterated
   * once. Rejects with an InputFailure.
   */
  readonly lines: AsyncIterable<ReadLine>;
  stop(): void;
}
