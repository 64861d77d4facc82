/**
 * Whether a ledger keeps cim's promise: what was acknowledged is shown on every device that it was
 * for, once, in the order in which it was sent; what was refused is shown on none. Pure.
 *
 * For whom a message is: every device of the receiver, or of every member of the group, and every
 * other device of the sender. An SDK instance does not show what it sent itself; a later one of the
 * same device may, when the acknowledgement was lost with the instance. In the lobby it is for every SDK instance that was
 * logged in when it was sent, for as long as that instance lives.
 *
 * An unconfirmed message may be shown or not, but all devices that read one timeline agree: once
 * one of them has shown it, the others owe it too.
 */
import { lobby } from '../client/sdk/index.ts';
import type { DeviceRecord, LedgerView, SentRecord, ShownRecord } from './ledger.ts';

export type BreachKind =
  /** Acknowledged, or shown elsewhere from the same timeline, and not shown here. */
  | 'lost'
  | 'doubled'
  /** Shown after one of the same conversation that was sent later. */
  | 'disordered'
  /** Other than it was sent, or never sent at all. */
  | 'altered'
  /** Refused for good, and shown. */
  | 'refused'
  /** On a device that it was not for. */
  | 'astray';

export interface Breach {
  readonly kind: BreachKind;
  /** Of the message. */
  readonly number: number;
  /** Where it was, or was not, shown. */
  readonly device: string;
}

export interface Verdict {
  readonly breaches: readonly Breach[];
  /** Shown once more because the device crashed before it had saved that it was shown. */
  readonly shownAgain: number;
}

export function check(ledger: LedgerView): Verdict {
  const breaches: Breach[] = [];
  let shownAgain = 0;
  const read = new Map<DeviceRecord, ReadonlySet<number>>();
  for (const device of ledger.devices) {
    const reading = checkShown(ledger, device);
    breaches.push(...reading.breaches);
    shownAgain += reading.shownAgain;
    read.set(device, reading.numbers);
  }
  breaches.push(...checkTimelines(ledger, read));
  for (const device of ledger.devices) breaches.push(...checkLobby(ledger, device));
  return { breaches, shownAgain };
}

// ---- what was shown -------------------------------------------------------------------------------

function checkShown(ledger: LedgerView, device: DeviceRecord) {
  const breaches: Breach[] = [];
  const shown = new Map<number, ShownRecord>();
  const order = new OrderOfShowing();
  let shownAgain = 0;
  for (const showing of device.shown) {
    const { number } = showing;
    const message = ledger.sent.get(number);
    const add = (kind: BreachKind) => breaches.push({ kind, number, device: device.device });
    if (!message || !showing.isFaithful) add('altered');
    if (!message) continue;
    if (message.outcome === 'refused') add('refused');
    if (!isFor(ledger, message, device)) add('astray');
    const before = shown.get(number);
    shown.set(number, showing);
    const isAgain = before !== undefined && isLostByCrash(message, device, before, showing);
    if (before && !isAgain) add('doubled');
    else if (!order.follows(message, showing, isAgain)) add('disordered');
    if (isAgain) shownAgain += 1;
  }
  return { breaches, shownAgain, numbers: new Set(shown.keys()) };
}

/** The device has crashed between the two, and had not saved the first. */
function isLostByCrash(
  { target }: SentRecord,
  { lives }: DeviceRecord,
  before: ShownRecord,
  now: ShownRecord,
): boolean {
  const timeline = 'group' in target ? target.group : '';
  // An instance knows nothing of the lobby before its own time.
  if (timeline === lobby) return false;
  return lives
    .slice(before.life, now.life)
    .some(({ end, savedSeqs }) => end === 'crashed' && before.seq > (savedSeqs.get(timeline) ?? 0));
}

/** Messages of one SDK instance to one target come in the order of their numbers. */
class OrderOfShowing {
  readonly #last = new Map<string, number>();
  readonly #lastOfLife = new Map<string, number>();

  /** `isAgain`: it goes back behind what was shown before the crash, not behind others like it. */
  follows(message: SentRecord, { life }: ShownRecord, isAgain: boolean): boolean {
    const { number } = message;
    const conversation = conversationOf(message);
    const ofLife = `${life}/${conversation}`;
    const last = this.#last.get(conversation) ?? 0;
    const follows = (isAgain || number > last) && number > (this.#lastOfLife.get(ofLife) ?? 0);
    this.#last.set(conversation, Math.max(last, number));
    this.#lastOfLife.set(ofLife, number);
    return follows;
  }
}

function conversationOf({ device, life, target }: SentRecord): string {
  return `${device}/${life}/${'group' in target ? `#${target.group}` : target.to}`;
}

function isFor({ members }: LedgerView, { userId, target }: SentRecord, device: DeviceRecord) {
  if ('to' in target) return target.to === device.userId || userId === device.userId;
  return target.group === lobby || members.get(target.group)?.has(device.userId) === true;
}

// ---- what was not shown ---------------------------------------------------------------------------

/**
 * Private messages are in the timeline of the receiver and in that of the sender, those to a named
 * group in the group's.
 */
function* checkTimelines(
  { sent, devices, members }: LedgerView,
  read: ReadonlyMap<DeviceRecord, ReadonlySet<number>>,
): Iterable<Breach> {
  const byUser = Map.groupBy(devices, ({ userId }) => userId);
  const devicesOf = (userIds: Iterable<number>) =>
    [...userIds].flatMap((userId) => byUser.get(userId) ?? []);
  const byGroup = new Map([...members].map(([group, userIds]) => [group, devicesOf(userIds)]));
  const readersOf = ({ target, userId }: SentRecord): (readonly DeviceRecord[])[] => {
    if ('group' in target) return [byGroup.get(target.group) ?? []];
    return [...new Set([target.to, userId])].map((owner) => byUser.get(owner) ?? []);
  };
  for (const message of sent.values()) {
    const { number, outcome } = message;
    if (outcome === 'refused') continue;
    for (const readers of readersOf(message)) {
      const has = (device: DeviceRecord) => read.get(device)?.has(number) === true;
      if (outcome !== 'stored' && !readers.some(has)) continue;
      for (const reader of readers) {
        if (reader.device !== message.device && !has(reader))
          yield { kind: 'lost', number, device: reader.device };
      }
    }
  }
}

/**
 * The lobby. An instance that has ended may have missed the last messages; but none before one that
 * it has shown.
 */
function* checkLobby({ sent }: LedgerView, device: DeviceRecord): Iterable<Breach> {
  const lobbyMessages = [...sent.values()].filter(
    ({ target, outcome }) => 'group' in target && target.group === lobby && outcome === 'stored',
  );
  if (lobbyMessages.length === 0) return;
  const shown = new Map<number, Set<number>>();
  const lastSeq = new Map<number, number>();
  for (const { number, life, seq } of device.shown) {
    const target = sent.get(number)?.target;
    if (!target || !('group' in target) || target.group !== lobby) continue;
    shown.set(life, (shown.get(life) ?? new Set()).add(number));
    lastSeq.set(life, Math.max(seq, lastSeq.get(life) ?? 0));
  }
  for (const [life, { readyStep, end }] of device.lives.entries()) {
    if (readyStep === undefined) continue;
    const until = end === 'alive' ? Infinity : (lastSeq.get(life) ?? 0);
    for (const message of lobbyMessages) {
      const isOwn = message.device === device.device && message.life === life;
      const isKnownToHaveCome = end === 'alive' || (message.seq > 0 && message.seq < until);
      if (isOwn || message.sentStep < readyStep || !isKnownToHaveCome) continue;
      if (!shown.get(life)?.has(message.number))
        yield { kind: 'lost', number: message.number, device: device.device };
    }
  }
}
