/**
 * Whether senders are told the truth about how far others have got: never more than that, in the end
 * all of it, and nobody has anything left unread that they have read, on no device. Pure.
 *
 * A mark says nothing of the instance that has set it, so one that ended may have taken its last marks
 * with it; what those that live have got is told. Who joins a group has nothing to read of before. A
 * failover that loses a tail takes marks, which the next ones make good.
 */
import type { LedgerView, SentRecord } from './ledger.ts';
import {
  type GotRecord,
  type MarkKind,
  partsOf,
  type Reached,
  type ToldRecord,
} from './mark-ledger.ts';

export interface MarkBreach {
  /**
   * `ahead`: told of more than the reader has got. `untold`: never told of what the reader has got.
   * `miscounted`: as unread.
   */
  readonly kind: 'ahead' | 'untold' | 'miscounted';
  /** Of the message; 0: none. */
  readonly number: number;
  /** That was told, or was not. */
  readonly device: string;
  readonly detail: string;
}

/** In one line, for people. */
export function describeMarkBreach({ kind, number, device, detail }: MarkBreach): string {
  return `${kind}: device ${device}${number > 0 ? `, message ${number}` : ''}: ${detail}`;
}

/** A message as it is known by its id. */
interface Known {
  readonly sent: SentRecord;
  readonly sendSeq: number;
  /** In the group's timeline; 0: it is private, or not known. */
  readonly groupSeq: number;
}

export function* checkMarks(ledger: LedgerView): Iterable<MarkBreach> {
  const known = knownBySource(ledger);
  for (const told of ledger.marks.told) yield* checkAhead(ledger, known, told);
  yield* checkUntold(ledger, known);
  yield* checkUnread(ledger);
}

// ---- never too much -------------------------------------------------------------------------------

function* checkAhead(
  ledger: LedgerView,
  known: ReadonlyMap<string, readonly Known[]>,
  told: ToldRecord,
): Iterable<MarkBreach> {
  const { device, kind, by, upTo, sendSeqThen, groupSeqThen } = told;
  const source = sourceIn(upTo);
  // What was changed is not a message of its own: up to the last that is one.
  const message = known.get(source.name)?.findLast(({ sendSeq }) => sendSeq <= source.sendSeq);
  const isOwn = by === device.userId;
  const isForged = source.from === by || (!isOwn && source.from !== device.userId);
  const number = message?.sent.number ?? 0;
  const breach = { kind: 'ahead', number, device: device.device } as const;
  if (isForged || (isOwn && kind !== 'read'))
    yield { ...breach, detail: `told that ${by} has ${upTo} ${kind}` };
  if (!message || message.sendSeq <= sendSeqThen) return;
  if (message.groupSeq > 0 && message.groupSeq <= groupSeqThen) return;
  if (mayHaveJoinedSince(ledger, by, message.sent)) return;
  yield { ...breach, detail: `told that ${by} has it ${kind}, who had got to ${sendSeqThen}` };
}

function mayHaveJoinedSince(
  ledger: LedgerView,
  userId: number,
  { target, sentStep }: SentRecord,
): boolean {
  if (!('group' in target)) return false;
  return ledger.devices
    .filter((device) => device.userId === userId)
    .every((device) => ledger.followedSince(device, target.group, sentStep) === Infinity);
}

// ---- all of it in the end -------------------------------------------------------------------------

/** Each living instance that has sent something knows how far living readers have got with it. */
function* checkUntold(
  ledger: LedgerView,
  known: ReadonlyMap<string, readonly Known[]>,
): Iterable<MarkBreach> {
  const { got, told, setBack } = ledger.marks;
  const heard = Map.groupBy(told, ({ device, life, by }) => `${device.device} ${life} ${by}`);
  for (const reader of got.filter(isAlive)) {
    const { userId: by } = reader.device;
    for (const reached of reader.reached.values()) {
      const message = known
        .get(reached.source)
        ?.findLast(({ sendSeq }) => sendSeq === reached.sendSeq);
      if (!message || setBack.has(message.sent.userId) || hasLeft(ledger, by, message.sent))
        continue;
      const sender = ledger.devices.find(({ device }) => device === message.sent.device);
      const life = message.sent.life;
      if (!sender || sender.lives.length - 1 !== life || !isAlive({ device: sender, life }))
        continue;
      const marks = heard.get(`${sender.device} ${life} ${by}`) ?? [];
      if (marks.some((mark) => covers(known, mark, reader.kind, reached.source, message))) continue;
      const { number } = message.sent;
      const detail = `never told that ${by} has it ${reader.kind}`;
      yield { kind: 'untold', number, device: sender.device, detail };
    }
  }
}

function isAlive({ device, life }: Pick<GotRecord, 'device' | 'life'>): boolean {
  return device.lives[life]?.end === 'alive';
}

function covers(
  known: ReadonlyMap<string, readonly Known[]>,
  { kind, upTo }: ToldRecord,
  wanted: MarkKind,
  source: string,
  { sendSeq, groupSeq }: Known,
): boolean {
  if (wanted === 'read' && kind !== 'read') return false;
  const mark = sourceIn(upTo);
  if (mark.name === source) return mark.sendSeq >= sendSeq;
  const other = known.get(mark.name)?.findLast((each) => each.sendSeq <= mark.sendSeq);
  return mark.group !== '' && groupSeq > 0 && (other?.groupSeq ?? 0) >= groupSeq;
}

/** The reader or the sender may be in the group no longer. */
function hasLeft(ledger: LedgerView, reader: number, { target, userId, sentStep }: SentRecord) {
  if (!('group' in target)) return false;
  const isOut = (user: number) =>
    ledger.devices
      .filter((device) => device.userId === user)
      .every((device) => ledger.followedSince(device, target.group, sentStep) === Infinity);
  return isOut(reader) || isOut(userId);
}

// ---- unread ---------------------------------------------------------------------------------------

/** Of private conversations, whose messages all have a number in the reader's timeline. */
function* checkUnread(ledger: LedgerView): Iterable<MarkBreach> {
  const { unread, got, setBack } = ledger.marks;
  const seqsOf = new Map<number, Map<number, number[]>>();
  for (const { device, peer, unread: count } of unread) {
    const { userId } = device;
    if (setBack.has(userId) || ledger.losses?.has(userId)) continue;
    const seqs = seqsOf.get(userId) ?? receivedBy(ledger, userId);
    seqsOf.set(userId, seqs);
    const ofPeer = (seq: number) => (seqs.get(peer) ?? []).filter((each) => each > seq).length;
    const read = got.filter((each) => each.kind === 'read' && each.device.userId === userId);
    const [least, most] = [ofPeer(readOf(read, peer)), ofPeer(readOf(read.filter(isAlive), peer))];
    if (count >= least && count <= most) continue;
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    const detail = `${count} of ${peer} are said to be unread, not ${expected}`;
    yield { kind: 'miscounted', number: 0, device: device.device, detail };
  }
}

/** Numbers of all messages that somebody was sent, by sender. */
function receivedBy(ledger: LedgerView, userId: number): Map<number, number[]> {
  const seqs = new Map<number, Set<number>>();
  for (const device of ledger.devices) {
    if (device.userId !== userId) continue;
    for (const { number, seq } of device.shown) {
      const sent = ledger.sent.get(number);
      if (!sent || seq === 0 || !('to' in sent.target) || sent.target.to !== userId) continue;
      seqs.set(sent.userId, (seqs.get(sent.userId) ?? new Set()).add(seq));
    }
  }
  return new Map([...seqs].map(([from, numbers]) => [from, [...numbers]]));
}

function readOf(read: readonly GotRecord[], peer: number): number {
  const ofPeer = (each: Reached) => each.group === '' && each.source.startsWith(`${peer}.`);
  return read
    .flatMap(({ reached }) => [...reached.values()].filter(ofPeer))
    .reduce((most, { seq }) => Math.max(most, seq), 0);
}

// ---- messages by id -------------------------------------------------------------------------------

function sourceIn(id: string) {
  const { source, ...parts } = partsOf(id);
  return { name: source, ...parts };
}

/** In order, by source: what was sent and has an id that anybody knows. */
function knownBySource({ sent, devices }: LedgerView): Map<string, Known[]> {
  const found = new Map<string, Known>();
  const add = (id: string, record: SentRecord | undefined, seq: number) => {
    if (id === '' || seq === 0 || !record || found.has(id)) return;
    const groupSeq = 'group' in record.target ? seq : 0;
    found.set(id, { sent: record, sendSeq: sourceIn(id).sendSeq, groupSeq });
  };
  for (const record of sent.values()) add(record.id, record, record.seq);
  for (const { shown } of devices)
    for (const { id, number, seq } of shown) add(id, sent.get(number), seq);
  const bySource = new Map<string, Known[]>();
  for (const [id, message] of found) {
    const { name } = sourceIn(id);
    const others = bySource.get(name);
    if (others) others.push(message);
    else bySource.set(name, [message]);
  }
  for (const messages of bySource.values())
    messages.sort((one, other) => one.sendSeq - other.sendSeq);
  return bySource;
}
