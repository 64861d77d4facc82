/**
 * The last messages that a device has sent or shown: those that its person may answer or change. Only
 * the last, so that what becomes of a message is decided soon after it was sent, as among people.
 */
import type { Target } from '../client/sdk/index.ts';

export interface KnownMessage {
  readonly id: string;
  readonly number: number;
  readonly isOwn: boolean;
  /** The conversation that it is in, as this device writes to it. */
  readonly target: Target;
}

const messagesMax = 32;

export class KnownMessages {
  readonly #messages: KnownMessage[] = [];

  add(message: KnownMessage): void {
    this.#messages.push(message);
    if (this.#messages.length > messagesMax) this.#messages.shift();
  }

  /** One of those that are like this, by a fraction; undefined: there is none. */
  pick(fraction: number, isLike: (message: KnownMessage) => boolean): KnownMessage | undefined {
    const some = this.#messages.filter(isLike);
    return some[Math.floor(fraction * some.length)];
  }
}
