/**
 * How far others have got with what this client's user has sent: as servers tell it, and, where they
 * could not, as routes answer. It tells what moves forward, of the conversations that were used last.
 */
import type { Clock, Timer } from '../../../base/clock.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { epochBytes } from '../../../codec/acknowledgement.ts';
import { lobby } from '../../../codec/commands.ts';
import { markKind } from '../../../codec/generated/wire.ts';
import { parseIdentity, sourceOf } from '../../../codec/identity.ts';
import { toHex } from '../../../codec/message-scan.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { Target } from '../client-events.ts';
import type { GroupMarks, MarksAnswer, MarksQuery, PeerMarks } from './conversation.ts';
import type { Mark } from './mark.ts';
import type { Numbered } from './own-marks.ts';

export interface OthersMarksOptions {
  readonly userId: number;
  readonly clock: Clock;
  /** Asks a route. Rejects with a CimError. */
  readonly ask: (query: MarksQuery) => Promise<MarksAnswer>;
  readonly onMoved: (kind: MarkKind, mark: Mark) => void;
}

type MarkKind = 'delivered' | 'read';

/** What a reader has of one source: the numbers of the newest messages. */
interface Got extends Readonly<Record<MarkKind, number>> {
  readonly by: number;
  readonly source: string;
}

interface Conversation {
  readonly target: Target;
  /** By reader and source; what moved last comes last. */
  readonly got: Map<string, Got>;
  /** Of a group: what the user has said there last, in any order. */
  own: readonly Numbered[];
}

/** After no route has told, it is asked again. */
const retryMs = 5_000;

export class OthersMarks {
  readonly #options: OthersMarksOptions;
  /** What was used last comes last. */
  readonly #conversations = new Map<string, Conversation>();
  /** All that changed up to this version is known here. */
  #version = 0;
  /** It was logged in before. */
  #isAgain = false;
  /** Some have moved since, of conversations that are not known here, perhaps. */
  #hasMissed = false;
  #isOver = false;
  #retry: Timer | undefined;

  constructor(options: OthersMarksOptions) {
    this.#options = options;
  }

  /** The user has sent this, here or on another device. */
  sent({ id, seq }: Numbered): void {
    const message = parseIdentity(id);
    if (!message || message.to === this.#options.userId || message.group === lobby) return;
    const { to, group } = message;
    const target = group === '' ? { to } : { group };
    const isNew = !this.#conversations.has(keyOf(target));
    const conversation = this.#use(target);
    if (group !== '' && seq > 0)
      conversation.own = [...conversation.own, { id, seq }].slice(-limits.clientMarkedMessagesMax);
    // It may have been stored, and read, before the login, and only its answer was lost.
    if (isNew && this.#hasMissed) void this.#learn([conversation]);
  }

  /** Tells what is known already of this conversation. Rejects with a CimError. */
  async follow(target: Target): Promise<void> {
    const conversation = this.#use(target);
    // Whoever asks may have come after it was told.
    for (const { by, source, delivered, read } of conversation.got.values()) {
      if (delivered > read) this.#tell(target, 'delivered', by, source, delivered);
      if (read > 0) this.#tell(target, 'read', by, source, read);
    }
    await this.#askFor([conversation]);
  }

  /** Logged in: what has moved meanwhile was told to nobody. */
  connected(version: number): void {
    const hasMissed = version !== this.#version;
    this.#hasMissed = hasMissed && this.#isAgain;
    this.#isAgain = true;
    this.#version = version;
    if (hasMissed) void this.#askForAll();
  }

  /** A server tells. */
  marked({ from: reader, group, marks, marksVersion }: ServerFrame): void {
    this.#version = marksVersion;
    if (marks.length === 0) void this.#askForAll();
    for (const { from, epoch, sendSeq, kind } of marks) {
      if (!epoch || epoch.length !== epochBytes || !sendSeq) continue;
      const isOwn = reader === this.#options.userId;
      const sender = isOwn ? (from ?? 0) : this.#options.userId;
      const to = group !== '' ? 0 : reader;
      const source = sourceOf(sender, toHex(epoch), to, group);
      const moved = kind === markKind.delivered ? 'delivered' : 'read';
      this.#move(
        group === '' ? { to: isOwn ? sender : reader } : { group },
        reader,
        source,
        moved,
        sendSeq,
      );
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#retry?.cancel();
  }

  #use(target: Target): Conversation {
    const key = keyOf(target);
    const conversation = this.#conversations.get(key) ?? { target, got: new Map(), own: [] };
    keepLast(this.#conversations, key, conversation, limits.clientMarkedConversationsMax);
    return conversation;
  }

  #move(target: Target, by: number, source: string, kind: MarkKind, sendSeq: number): void {
    const { got } = this.#use(target);
    const key = `${by} ${source}`;
    const known = got.get(key) ?? { by, source, delivered: 0, read: 0 };
    if (sendSeq <= known[kind]) return;
    // What was read has been delivered.
    const delivered = Math.max(known.delivered, sendSeq);
    const moved = { ...known, delivered, ...(kind === 'read' && { read: sendSeq }) };
    keepLast(got, key, moved, limits.clientMarkSourcesMax);
    this.#tell(target, kind, by, source, sendSeq);
  }

  #tell(target: Target, kind: MarkKind, by: number, source: string, sendSeq: number): void {
    const group = 'group' in target ? { group: target.group } : {};
    this.#options.onMoved(kind, { by, upTo: `${source}.${sendSeq}`, ...group });
  }

  /** Never rejects. */
  #askForAll(): Promise<void> {
    this.#retry?.cancel();
    return this.#learn([...this.#conversations.values()]);
  }

  /** Never rejects: if no route tells, all are asked for later. */
  async #learn(conversations: readonly Conversation[]): Promise<void> {
    try {
      await this.#askFor(conversations);
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      if (this.#isOver) return;
      this.#retry?.cancel();
      this.#retry = this.#options.clock.setTimeout(() => void this.#askForAll(), retryMs);
    }
  }

  async #askFor(conversations: readonly Conversation[]): Promise<void> {
    const peers = conversations.flatMap(({ target }) => ('to' in target ? [target.to] : []));
    if (peers.length > 0) await this.#askForPeers(peers);
    for (const { target, own } of conversations)
      if ('group' in target && own.length > 0) await this.#askForGroup(target.group);
  }

  async #askForPeers(peers: readonly number[]): Promise<void> {
    const answer = await this.#options.ask({ peers });
    if (this.#isOver) return;
    for (const each of answer.peers) this.#learnPeer(each);
  }

  async #askForGroup(group: string): Promise<void> {
    try {
      const answer = await this.#options.ask({ group });
      if (answer.group && !this.#isOver) this.#learnGroup(answer.group);
    } catch (error) {
      // The user is in it no longer, say.
      if (!(error instanceof CimError) || error.retryable) throw error;
      this.#conversations.delete(`#${group}`);
    }
  }

  #learnPeer({ peer, sources }: PeerMarks): void {
    for (const { epoch, delivered, read } of sources) {
      const source = sourceOf(this.#options.userId, epoch, peer, '');
      if (delivered > read) this.#move({ to: peer }, peer, source, 'delivered', delivered);
      this.#move({ to: peer }, peer, source, 'read', read);
    }
  }

  #learnGroup({ group, named }: GroupMarks): void {
    const { own } = this.#use({ group });
    for (const { userId, delivered, read } of named ?? []) {
      if (userId === this.#options.userId) continue;
      for (const [kind, upTo] of [
        ['read', read],
        ['delivered', delivered],
      ] as const) {
        const message = parseIdentity(newestUpTo(own, upTo));
        if (!message) continue;
        const { from, epochHex, sendSeq } = message;
        this.#move({ group }, userId, sourceOf(from, epochHex, 0, group), kind, sendSeq);
      }
    }
  }
}

function keyOf(target: Target): string {
  return 'to' in target ? `${target.to}` : `#${target.group}`;
}

/** The id of the newest one that has at most this number; empty: there is none. */
function newestUpTo(messages: readonly Numbered[], upTo: number): string {
  const newest = { id: '', seq: 0 };
  for (const { id, seq } of messages)
    if (seq <= upTo && seq >= newest.seq) Object.assign(newest, { id, seq });
  return newest.id;
}

/** Puts it last, and drops the first of too many. */
function keepLast<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  countMax: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= countMax) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
