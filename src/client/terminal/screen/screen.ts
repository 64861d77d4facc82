/**
 * Where a person reads: lines that follow one another (plain-screen.ts), or a terminal that is
 * typed into at the same time.
 */
import type { Layout } from '../view/layout.ts';

export interface Screen extends Layout {
  /** Rejects when nobody can read it any more. */
  print(rows: readonly string[]): Promise<void>;
  /** The input line of this number has been dealt with: these rows stand for it. */
  settle(lineNumber: number, rows: readonly string[]): Promise<void>;
  showConnected(isConnected: boolean): void;
  /** One line that is true for now; empty: there is nothing to say. */
  showStatus(text: string): void;
}
