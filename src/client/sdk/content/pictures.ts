/**
 * What became of messages: edited, retracted, with these reactions. Changes may come in any order, with
 * repetitions, before the message and after it: the picture of a message is the same in the end on all
 * devices. Bounded: what changed longest ago is forgotten. Pure.
 */
import { BoundedMap } from '../../../base/bounded-map.ts';
import { limits } from '../../../base/limits.ts';
import type { Message } from '../client-events.ts';
import type { Change } from './message-change.ts';
import { type Counts, Register } from './register.ts';

type Edit = Extract<Change, { kind: 'edited' | 'retracted' }>;
type Reaction = Extract<Change, { kind: 'reactions' }>;

/** What is known of a message that was seen. */
export interface Seen {
  /** How it begins. */
  readonly quote: string;
  readonly isSealed: boolean;
  readonly at: number;
}

type Seeable = Pick<Message, 'id' | 'text' | 'encrypted' | 'unreadable' | 'at'>;

class Picture {
  readonly edits = new Register<Edit>();
  readonly retractions = new Register<Edit>();
  /** By person. */
  readonly reactions = new Map<number, Register<Reaction>>();

  /** Undefined: of somebody beyond the bound. */
  registerOf(change: Change): Register<Change> | undefined {
    if (change.kind === 'edited') return this.edits;
    return change.kind === 'retracted' ? this.retractions : this.#reactionsOf(change.by.from);
  }

  /** Bytes, about. */
  get size(): number {
    const reactions = [...this.reactions.values()].flatMap((each) => each.all());
    const edits = this.edits.all();
    const marks = this.retractions.all().length + edits.length + reactions.length;
    const characters =
      edits.reduce((sum, { by }) => sum + by.text.length, 0) +
      reactions.reduce((sum, { emoji }) => sum + emoji.join('').length, 0);
    return pictureBytes + marks * changeBytes + characters * 2;
  }

  /** Those with the lowest ids: whatever order they come in, that leaves the same ones. */
  #reactionsOf(person: number): Register<Reaction> | undefined {
    const register = this.reactions.get(person) ?? new Register<Reaction>();
    this.reactions.set(person, register);
    if (this.reactions.size > limits.reactingPeopleMax)
      this.reactions.delete(Math.max(...this.reactions.keys()));
    return this.reactions.get(person);
  }
}

/** With its id, its keys and its place in maps. */
const pictureBytes = 1_024;
/** A change without its text: ids, names and numbers. */
const changeBytes = 512;

export class Pictures {
  readonly #pictures = new BoundedMap<string, Picture>(
    limits.clientPicturesBytesMax,
    (picture) => picture.size,
  );
  readonly #seen = new BoundedMap<string, Seen>(limits.clientQuotesMax);

  /** A message came, or was sent, or was read back. */
  see({ id, text, encrypted = false, unreadable, at }: Seeable): void {
    this.#seen.set(id, {
      quote: quoteOf(text),
      isSealed: encrypted || unreadable !== undefined,
      at,
    });
  }

  seen(id: string): Seen | undefined {
    return this.#seen.get(id);
  }

  /** Any number of times, in any order. */
  add(change: Change): void {
    const { target } = change;
    const seen = this.#seen.get(target);
    if (seen && !mayCount(change, seen)) return;
    const picture = this.#pictures.get(target) ?? new Picture();
    const max = change.kind === 'edited' && !seen ? limits.pendingEditsMax : 1;
    picture.registerOf(change)?.add(change, max, this.#counts(target));
    // Its size is another one.
    this.#pictures.set(target, picture);
  }

  /** Whether this change, which was added, is what counts now, and was not told before. */
  tell(change: Change): boolean {
    const picture = this.#pictures.get(change.target);
    const counts = this.#counts(change.target);
    if (!picture || (change.kind !== 'retracted' && picture.retractions.best(counts))) return false;
    return picture.registerOf(change)?.tell(change, counts) ?? false;
  }

  /** It was taken back, as far as is known. */
  isRetracted(id: string): boolean {
    return this.#pictures.get(id)?.retractions.best(this.#counts(id)) !== undefined;
  }

  /** The message as it is now. Of a retracted one there is neither text nor anything said with it. */
  show(message: Message): Message {
    const picture = this.#pictures.get(message.id);
    if (!picture) return message;
    const counts = this.#counts(message.id);
    if (picture.retractions.best(counts)) return tombstone(message);
    const edit = message.unreadable ? undefined : picture.edits.best(counts);
    const reactions = [...picture.reactions].flatMap(([from, register]) => {
      const { emoji = [] } = register.best(counts) ?? {};
      return emoji.length === 0 ? [] : [{ from, emoji }];
    });
    return {
      ...(edit ? withEdit(message, edit.by) : message),
      ...(reactions.length > 0 && {
        reactions: reactions.sort((one, other) => one.from - other.from),
      }),
    };
  }

  /** The counter of the next change that this person makes: above all that are known of theirs. */
  nextCounter(target: string, person: number, now: number): number {
    const picture = this.#pictures.get(target);
    const known = [
      ...(picture?.edits.all() ?? []),
      ...(picture?.reactions.get(person)?.all() ?? []),
    ];
    const highest = Math.max(0, ...known.map(({ order: [counter] }) => counter));
    // By the clock, so that it is also above those that this device has not seen.
    return Math.min(Math.max(highest + 1, now), Number.MAX_SAFE_INTEGER);
  }

  #counts(target: string): Counts {
    const seen = this.#seen.get(target);
    return (change) => !seen || mayCount(change, seen);
  }
}

/**
 * Of an encrypted message nobody but the people in the conversation can know: so what changes it is
 * encrypted too, or somebody else may have said it.
 */
function mayCount({ kind, by }: Change, { isSealed, at }: Seen): boolean {
  if (isSealed && !by.encrypted) return false;
  return kind !== 'edited' || by.at - at <= limits.editWindowMs;
}

/** What an edit puts in the place of what was said. */
type Edited = Pick<Message, 'text' | 'mentions' | 'encrypted' | 'key' | 'expected' | 'at'>;

export function withEdit(message: Message, by: Edited): Message {
  const { mentions: _before, encrypted: _was, key: _key, expected: _expected, ...rest } = message;
  const { text, mentions, encrypted, key, expected, at: edited } = by;
  return {
    ...rest,
    text,
    edited,
    ...(mentions && { mentions }),
    ...(encrypted !== undefined && { encrypted }),
    ...(key && { key }),
    ...(expected && { expected }),
  };
}

export function tombstone(message: Message): Message {
  const { replyTo: _replyTo, mentions: _mentions, custom: _custom, file: _file, ...rest } = message;
  return { ...rest, text: '', retracted: true };
}

/** The beginning of its first line. */
function quoteOf(text: string): string {
  const start = text.trimStart().slice(0, limits.quoteCharactersMax + 1);
  const [line = ''] = start.split('\n');
  const isWhole = line.length <= limits.quoteCharactersMax && text.trim().length === line.length;
  return isWhole ? line : `${line.slice(0, limits.quoteCharactersMax).toWellFormed()}…`;
}
