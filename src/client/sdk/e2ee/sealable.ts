/** What is sealed and opened: messages as applications give them, as they travel, and as they came. */
import type { KeyStanding } from './key-facts.ts';

export type EncryptionMode = 'auto' | 'require' | 'off';

/** A message as an application gives it. */
export interface Draft {
  readonly text: string;
  /** A Content (proto/content.proto). */
  readonly content?: Uint8Array;
  /** It is not counted as unread. */
  readonly silent?: boolean;
}

/** What it is sent as: in clear text, or sealed in both parts. */
export type Sendable =
  | (Draft & { readonly sealed?: never; readonly keyEpoch?: never })
  | (Omit<Draft, 'text'> & {
      readonly sealed: Uint8Array;
      /** Of a group: of which epoch of its key. */
      readonly keyEpoch?: number;
      readonly text?: never;
    });

/**
 * Why what was sealed cannot be read. `off`: encryption is off here. `no-key`: this device has no
 * key of the account. `lost-key`: it is for a key that the account does not have any more.
 * `no-group-key`: the user has no key of the group of that time, or not yet. `unknown-sender`: by a key that is not known as the sender's. `damaged`: it was altered, or is not
 * by whom or for whom or in the place that it is said to be. `unknown-form`: by a newer cim, or
 * nothing at all.
 */
export type Unreadable =
  | 'off'
  | 'no-key'
  | 'lost-key'
  | 'no-group-key'
  | 'unknown-sender'
  | 'damaged'
  | 'unknown-form';

/** `key`: what is known of the one that it was sealed with; one's own counts as verified. */
export type Opened =
  | (Pick<Draft, 'text' | 'content'> & { readonly key: KeyStanding })
  | { readonly unreadable: Unreadable };

/**
 * Of a private message that came in clear text. `unknown`: nothing is said against it.
 * `unprotected`: nothing in clear text is wanted here. `unexpected`: the other side has a key, so it
 * is either by a program that uses none, in their name, or by somebody else.
 */
export type ClearStanding = 'unknown' | 'unprotected' | 'unexpected';
