/**
 * The view for scripts: one JSON object in each line of stdout, and nothing else
 * (docs/reference/client-json.md).
 */
import { ignore } from '../../../base/ignore.ts';
import { toBase64Url } from '../../../base/text/base64url.ts';
import { safeJson } from '../../../base/text/safe-text.ts';
import type {
  ClientEvents,
  Conversation,
  DelayedMessage,
  Mark,
  Message,
  MessageFile,
  MessageTrace,
  SentMessage,
  Target,
} from '../../sdk/index.ts';
import type { ReadBy } from '../readers.ts';
import type { Output } from '../screen/output.ts';
import { formatRemark } from './layout.ts';
import type {
  ConversationChange,
  Inbox,
  InputLine,
  Outgoing,
  Result,
  Transfer,
  View,
} from './view.ts';

export class JsonView implements View, Inbox {
  readonly #output: Output;
  readonly #diagnostics: Output;
  readonly #columns: number | undefined;

  /** `diagnostics` gets what has no event: plain lines; `columns`: of the terminal that it is. */
  constructor(output: Output, diagnostics: Output, columns?: number) {
    this.#output = output;
    this.#diagnostics = diagnostics;
    this.#columns = columns;
  }

  ready({ userId, userName, device, server }: ClientEvents['ready']): void {
    this.#tell({ event: 'ready', userId, userName, device, server });
  }

  offline(reason: string): void {
    this.#tell({ event: 'offline', reason });
  }

  waiting({ messages, reason }: ClientEvents['waiting']): void {
    this.#tell({ event: 'waiting', messages, reason });
  }

  message(message: Message): Promise<void> {
    return this.#write(messageEvent(message));
  }

  edited({ id, from, text, mentions, at, ...rest }: ClientEvents['edited']): Promise<void> {
    return this.#write({
      event: 'edited',
      id,
      from,
      ...receiverOf(rest),
      text,
      ...(mentions && { mentions }),
      at: new Date(at).toISOString(),
      ...secrecy(rest),
    });
  }

  retracted({ id, from, ...rest }: ClientEvents['retracted']): Promise<void> {
    return this.#write({ event: 'retracted', id, from, ...receiverOf(rest) });
  }

  /** To whom is part of the id. */
  reactions({ id, from, group, emoji }: ClientEvents['reactions']): Promise<void> {
    return this.#write({
      event: 'reactions',
      id,
      from,
      ...(group !== undefined && { group }),
      emoji,
    });
  }

  keyChanged({ userId, userName, wasVerified }: ClientEvents['keyChanged']): void {
    this.#tell({ event: 'keyChanged', userId, ...(userName && { userName }), wasVerified });
  }

  typing({ from, group, ended }: ClientEvents['typing']): void {
    const where = group !== undefined && { group };
    this.#tell({ event: 'typing', from, ...where, ...(ended && { ended }) });
  }

  presence({ userId, online, lastSeen }: ClientEvents['presence']): void {
    const seen = lastSeen !== undefined && { lastSeen: new Date(lastSeen).toISOString() };
    this.#tell({ event: 'presence', userId, online, ...seen });
  }

  marked(kind: 'delivered' | 'read', { by, upTo, group }: Mark): void {
    this.#tell({ event: kind, by, upTo, ...(group !== undefined && { group }) });
  }

  joined({ group }: ClientEvents['joined']): void {
    this.#tell({ event: 'joined', group });
  }

  left({ group, reason }: ClientEvents['left']): void {
    this.#tell({ event: 'left', group, reason });
  }

  groupChanged(facts: ClientEvents['groupChanged']): void {
    this.#tell({ event: 'groupChanged', ...facts });
  }

  invited({ group, by }: ClientEvents['invited']): void {
    this.#tell({ event: 'invited', group, by });
  }

  groupNews({ at, ...news }: ClientEvents['groupNews']): void {
    this.#tell({ event: 'groupNews', ...news, at: new Date(at).toISOString() });
  }

  groupMembers({ isAnother, ...members }: ClientEvents['groupMembers']): void {
    this.#tell({ event: 'groupMembers', ...members, ...(isAnother && { another: true }) });
  }

  gap({ group, first, last }: ClientEvents['gap']): void {
    this.#tell({ event: 'gap', ...(group !== undefined && { group }), first, last });
  }

  unreadable({ group, seq, count }: ClientEvents['unreadable']): void {
    this.#tell({ event: 'unreadable', ...(group !== undefined && { group }), seq, count });
  }

  result({ number, text }: InputLine, result: Result): Promise<void> {
    const [command] = text.trimStart().split(/\s/);
    const data = resultData(result);
    return this.#write({ event: 'result', line: number, command, data, ...besideData(result) });
  }

  sent({ number }: InputLine, _outgoing: Outgoing, sent: SentMessage): Promise<void> {
    return this.#output.write(sentEvent(number, sent));
  }

  /** It has no number before it is sent. */
  scheduled(line: InputLine, outgoing: Outgoing, _delaySeconds: number, id: string): Promise<void> {
    return this.sent(line, outgoing, { id, seq: 0 });
  }

  transferring({ number }: InputLine, { bytes, total }: Transfer): void {
    this.#tell({ event: 'progress', line: number, bytes, total });
  }

  transferred(): void {}

  refused({ number }: InputLine, code: string, message: string): Promise<void> {
    return this.#output.write(errorEvent(number, code, message));
  }

  unsent(line: InputLine, _outgoing: Outgoing, reason: string): Promise<void> {
    return this.refused(line, 'unavailable', reason);
  }

  notice(text: string): void {
    this.#diagnostics
      .write(formatRemark('cim', text, this.#columns))
      .catch(ignore('there is nowhere left to say it'));
  }

  quitting(): void {}

  leaving(): void {}

  closed(reason: string): Promise<void> {
    return this.#write({ event: 'closed', reason });
  }

  #write(event: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#output.write(toLine(event));
  }

  /** For what nobody waits for: a broken output ends the conversation (session.ts). */
  #tell(event: Readonly<Record<string, unknown>>): void {
    this.#write(event).catch(ignore('whoever waits for the output hears it'));
  }
}

export function sentEvent(line: number, { id, seq, encrypted }: SentMessage): string {
  return toLine({ event: 'sent', line, id, seq, ...(encrypted && { encrypted }) });
}

export function errorEvent(line: number, code: string, message: string): string {
  return toLine({ event: 'error', line, code, message });
}

function toLine(event: Readonly<Record<string, unknown>>): string {
  return `${safeJson(event)}\n`;
}

function messageEvent(message: Message) {
  const { id, from, fromName, text, seq, at, transient, retracted } = message;
  return {
    event: 'message',
    id,
    from,
    fromName,
    ...receiverOf(message),
    ...(retracted ? { retracted } : { text }),
    seq,
    at: new Date(at).toISOString(),
    ...(transient && { transient }),
    ...secrecy(message),
    ...besideText(message),
  };
}

/** Without what it is read with: that is the client's to keep. */
function fileData({ name, bytes, type, width, height, durationMs, thumbnail }: MessageFile) {
  return {
    ...{ name, bytes, type },
    ...(width !== undefined && { width, height }),
    ...(durationMs !== undefined && { durationMs }),
    ...(thumbnail && { thumbnail: toBase64Url(thumbnail) }),
  };
}

function besideText({ replyTo, mentions, custom, file, edited, reactions }: Message) {
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions && { mentions }),
    ...(custom && { custom: { type: custom.type, data: toBase64Url(custom.data) } }),
    ...(file && { file: fileData(file) }),
    ...(edited !== undefined && { edited: new Date(edited).toISOString() }),
    ...(reactions && { reactions }),
  };
}

function receiverOf({ to, group }: Pick<Message, 'to' | 'group'>) {
  return group === undefined ? { to } : { group };
}

/** Absent fields are not told. */
function secrecy({
  encrypted,
  key,
  expected,
  unreadable,
}: Pick<Message, 'encrypted' | 'key' | 'expected' | 'unreadable'>) {
  return {
    ...(encrypted !== undefined && { encrypted }),
    ...(key && { key }),
    ...(expected && { expected }),
    ...(unreadable && { unreadable }),
  };
}

function delayedData(message: DelayedMessage) {
  const { id, text, dueAt } = message;
  return {
    id,
    ...receiverOf(message),
    text,
    dueAt: new Date(dueAt).toISOString(),
    ...secrecy(message),
  };
}

/** `peer` is whom it is with: messages in it go both ways. */
function conversationName(target: Target) {
  return 'to' in target ? { peer: target.to } : target;
}

function conversationData({ peer = 0, group, at, unread, muted, pinned, last }: Conversation) {
  return {
    ...conversationName(group === undefined ? { to: peer } : { group }),
    ...(at > 0 && { at: new Date(at).toISOString() }),
    unread,
    muted,
    pinned,
    ...(last && { last: messageEvent(last) }),
  };
}

/** Of a large group there are only counts. */
function readByData({ named, ...counts }: ReadBy) {
  if (!named) return { ...counts, readBy: null, deliveredTo: null };
  const deliveredTo = [...named.read, ...named.delivered].sort((one, other) => one - other);
  return { ...counts, readBy: named.read, deliveredTo };
}

function traceData({ id, seq, at, searched, reached }: MessageTrace) {
  return { id, seq, at: at === null ? null : new Date(at).toISOString(), searched, reached };
}

function conversationFlag(change: ConversationChange) {
  switch (change) {
    case 'mute':
    case 'unmute':
      return { muted: change === 'mute' };
    case 'pin':
    case 'unpin':
      return { pinned: change === 'pin' };
  }
}

/** Whether there is more. */
function besideData(result: Result) {
  switch (result.kind) {
    case 'conversations':
      return { older: result.older };
    case 'history': {
      const { older, expired, searched } = result;
      return { older, expired, ...(searched !== undefined && { searched }) };
    }
    default:
      return {};
  }
}

function resultData(result: Result): unknown {
  switch (result.kind) {
    case 'help':
      return result.inputs.map(([input, effect]) => ({ input, effect }));
    case 'info':
      return result.info;
    case 'emoji':
      return result.emoji;
    case 'created':
    case 'joined':
    case 'group':
      return result.membership;
    case 'left':
      return { group: result.group };
    case 'group-set':
      return { group: result.group, ...result.settings };
    case 'member-changed':
      return { group: result.group, userId: result.userId };
    case 'blocking':
      return { userId: result.userId, blocked: result.isBlocked };
    case 'watching':
      return { userIds: result.userIds, watched: result.isWatched };
    case 'last-seen':
      return { lastSeen: result.isShown };
    case 'groups':
      return result.memberships;
    case 'conversations':
      return result.conversations.map(conversationData);
    case 'read-by':
      return readByData(result.readBy);
    case 'trace':
      return traceData(result.trace);
    case 'conversation-set':
      return { ...conversationName(result.target), ...conversationFlag(result.change) };
    case 'invitations':
      return result.invitations;
    case 'delayed':
      return result.messages.map(delayedData);
    case 'cancelled':
      return delayedData(result.message);
    case 'verify': {
      const { userId, userName, safetyNumber, verified, changed } = result.key;
      return { userId, userName, safetyNumber, verified, ...(changed && { changed }) };
    }
    case 'secret':
      return { secret: result.secret ?? null };
    case 'read':
      return { id: result.id };
    case 'rotated':
      return { rotated: true };
    case 'exported':
      return { file: result.file, messages: result.messages, expired: result.expired };
    case 'opened':
      return { file: result.file, name: result.name, bytes: result.bytes };
    case 'deleted':
      return { userId: result.userId, deleted: true };
    case 'online':
    case 'blocked':
    case 'members':
      return result.users.map(({ userId, userName }) => ({ userId, userName }));
    case 'history':
      return result.messages.map(messageEvent);
  }
}
