/**
 * Where lines come from: a pipe or file (pipe-input.ts), or a person's keyboard
 * (terminal-screen.ts).
 */
import type { ReadLine } from './line-splitter.ts';

export interface InputSource {
  /**
   * Read no faster than they are asked for; ends when the input does, or at stop(). To be iterated
   * once.
   */
  readonly lines: AsyncIterable<ReadLine>;
  stop(): void;
}
