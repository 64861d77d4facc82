/**
 * The messages that were shown last, so that a person can name one: by the number that TAB lists it
 * with, by ^ for the newest one, or by its id. And how each begins, to be shown with what is said of it.
 */
import { limits } from '../../base/limits.ts';
import { CimError, type Message, type MessageFile, type Target } from '../sdk/index.ts';

/** A message, as far as it is shown with others. */
export type RecentMessage = Pick<
  Message,
  'id' | 'from' | 'fromName' | 'to' | 'group' | 'seq' | 'text' | 'at' | 'file'
> & {
  /** In the order in which they were shown, from 1 on. */
  readonly number: number;
};

/** Beyond this the one shown longest ago is named by its id. */
const recentMax = 500;

export class RecentMessages {
  readonly #messages = new Map<string, RecentMessage>();
  #count = 0;
  /** The conversation that one has written in last. */
  #written: Target | undefined;

  /** It was shown, or has another text. */
  add({ id, from, fromName, to, group, seq, text, at, file }: Omit<RecentMessage, 'number'>): void {
    const known = this.#messages.get(id);
    // In characters: what is shown of it is one line.
    const start = text.slice(0, limits.quoteCharactersMax * 2).toWellFormed();
    const number = known?.number ?? ++this.#count;
    const where = group === undefined ? { ...(to !== undefined && { to }) } : { group };
    const kept = { id, from, fromName, ...where, seq, text: start, at, number };
    this.#messages.set(id, file ? { ...kept, file: withoutThumbnail(file) } : kept);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > recentMax && oldest !== undefined) this.#messages.delete(oldest);
  }

  edited(id: string, text: string): void {
    const known = this.#messages.get(id);
    if (known) this.add({ ...known, text });
  }

  /** A message of one's own goes there. */
  wrote(target: Target): void {
    this.#written = target;
  }

  /** In the conversation that one has written in last; in any, before that. */
  isWhereWritten({ to, group }: RecentMessage): boolean {
    const { to: lastTo, group: lastGroup }: Partial<Message> = this.#written ?? {};
    return this.#written === undefined || (to === lastTo && group === lastGroup);
  }

  retracted(id: string): void {
    this.#messages.delete(id);
  }

  get(id: string): RecentMessage | undefined {
    return this.#messages.get(id);
  }

  /** The newest first; of the same moment what was shown last. */
  newest(): RecentMessage[] {
    return [...this.#messages.values()].sort(
      (one, other) => other.at - one.at || other.number - one.number,
    );
  }

  /** The id of what is named; `^` among those that `isMeant`. Throws a CimError `invalid-argument`. */
  idOf(name: string, isMeant: (message: RecentMessage) => boolean): string {
    if (!isShortName(name)) return name;
    const found =
      name === '^'
        ? this.newest().find(isMeant)
        : this.newest().find(({ number }) => `${number}` === name);
    if (found) return found.id;
    throw new CimError(
      'invalid-argument',
      name === '^' ? 'there is no such message yet' : `there is no message ${name}: TAB lists them`,
    );
  }
}

/** Nobody sees it here. */
function withoutThumbnail({ thumbnail: _, ...file }: MessageFile): MessageFile {
  return file;
}

/** As a person names a message, and not by its id. */
export function isShortName(name: string): boolean {
  return name === '^' || /^\d+$/.test(name);
}
