/**
 * A place where what is to be sent is kept until it is stored, so that whoever is this device next sends
 * it again under the same identity. Several clients may put things there; one at a time sends them.
 */
import type { CimError } from '../../../base/errors.ts';
import type { SentMessage, Target } from '../client-events.ts';
import type { ContentEvent } from '../content/contents.ts';
import type { Draft } from '../e2ee/sealable.ts';

export interface Outbox {
  /** Under which identities it is sent. Resolves before the client connects. */
  open(): Promise<Numbering>;
  /** Keeps it under the next number of its conversation; settles as CimClient.send() does. */
  send(target: Target, draft: Draft): Promise<SentMessage>;
  /**
   * What this client was not given yet, in order; never rejects. From now on each of them may be on its
   * way, and have been stored.
   */
  take(): Promise<readonly Kept[]>;
  /** Tells when there may be more. */
  onKept(look: () => void): void;
  /** It is kept no longer. */
  settle(kept: Kept, outcome: Outcome): void;
}

export interface Numbering {
  readonly epoch: Uint8Array;
  /** The highest number that was given in a conversation. */
  readonly last: readonly {
    readonly to: number;
    readonly group: string;
    readonly sendSeq: number;
  }[];
}

/** A message with its identity. */
export interface Kept {
  readonly target: Target;
  readonly sendSeq: number;
  readonly draft: Draft;
  /** Since when it may have been on its way, ms since 1970; absent: it never was. */
  readonly triedAt?: number;
}

/** What became of it: stored, with what it means to the devices of the user, or refused for good. */
export type Outcome =
  | { readonly sent: SentMessage; readonly event: ContentEvent | null }
  | { readonly error: CimError };
