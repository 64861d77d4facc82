/**
 * What the user has sent and nobody has said yet to be stored. The SDK keeps it, and sends it once,
 * whichever page is there by then (docs/how-it-works/tabs.md). Texts are kept here as well: one that was
 * refused, or that a page has not given to the SDK before it was left, is the user's to decide on.
 */
import type { Message, MessageExtras } from '../../client/sdk/index.ts';
import { isRecord, keep, kept } from './keep.ts';
import type { TargetKey } from './target.ts';

/** `unsure`: it was on its way, and nobody will ever say whether it is stored. */
export type PendingState = 'sending' | 'unsure' | 'failed';

export interface Pending {
  /** Of this browser alone; the id of the message where a page before has sent it. */
  readonly key: string;
  readonly text: string;
  readonly extras: Pick<MessageExtras, 'replyTo'>;
  /** When it was written, ms since 1970. */
  readonly at: number;
  readonly state: PendingState;
  /** Why it failed, in words. */
  readonly reason?: string;
  /** Of a file: how much of it has left, in [0, 1]; absent for a text. */
  readonly progress?: number;
  /** Ends the upload of a file. */
  readonly cancel?: () => void;
}

/** What is kept of one. */
export type Saved = Pick<Pending, 'key' | 'text' | 'extras' | 'at'> & {
  readonly target: TargetKey;
};

/** Texts that are kept over a reload. */
const savedMax = 200;

/** Texts that are not known to be stored. */
export class Unsent {
  readonly #name: string;

  constructor(account: string) {
    this.#name = `${account}.unsent`;
  }

  /** What an earlier page has left, by conversation. */
  load(): readonly Saved[] {
    return (kept(this.#name, Array.isArray) ?? []).filter(isSaved);
  }

  add(saved: Saved): void {
    keep(this.#name, [...this.load(), saved].slice(-savedMax));
  }

  remove(key: string): void {
    const rest = this.load().filter((each) => each.key !== key);
    keep(this.#name, rest.length === 0 ? undefined : rest);
  }
}

function isSaved(value: unknown): value is Saved {
  return (
    isRecord(value) &&
    typeof value['key'] === 'string' &&
    typeof value['text'] === 'string' &&
    typeof value['target'] === 'string' &&
    typeof value['at'] === 'number' &&
    isRecord(value['extras'])
  );
}

/** Clocks of this machine and of routes differ. */
const clocksMs = 120_000;

/** Whether what this user has written is one of these messages, which wait or are stored. */
export function isAmong(
  messages: readonly Message[],
  userId: number,
  { text, at }: Pick<Saved, 'text' | 'at'>,
): boolean {
  return messages.some(
    (each) => each.from === userId && each.text === text && each.at >= at - clocksMs,
  );
}
