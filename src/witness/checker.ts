/**
 * Whether a ledger keeps cim's promise: what was acknowledged is shown on every device that it was
 * for, once, in the order in which it was sent; what was refused is shown on none. Pure.
 *
 * For whom a message is: every device of the receiver, or of every member of the group, and every
 * other device of the sender, that lives in the end. An SDK instance does not show what it sent
 * itself; a later one of the same device may, when the acknowledgement was lost with the instance. A
 * device that comes later starts where its user's devices are. In the lobby a message is for every
 * SDK instance that was logged in when it was sent, for as long as that instance lives.
 *
 * An unconfirmed message may be shown or not, but all devices that read one timeline agree: once
 * one of them has shown it, the others owe it too. A failover that loses a tail takes acknowledged
 * messages, and nothing else: what is still, or again, there is shown all the same, and nothing twice.
 *
 * What became of messages after they were shown is pictures.ts's.
 */
import { lobby } from '../client/sdk/index.ts';
import type { Breach, BreachKind } from './breach.ts';
import { checkMarks, type MarkBreach } from './check-marks.ts';
import type { DeviceRecord, LedgerView, SentRecord, ShownRecord, Timeline } from './ledger.ts';
import { checkPictures } from './pictures.ts';

export interface Verdict {
  readonly breaches: readonly Breach[];
  /** Of what people were told of how far others have got. */
  readonly markBreaches: readonly MarkBreach[];
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
  for (const message of ledger.sent.values()) {
    const { number, device, userId } = message;
    if (isKeptFrom(ledger, message, userId)) breaches.push({ kind: 'intruding', number, device });
  }
  breaches.push(...checkTimelines(ledger, read), ...checkLobby(ledger), ...checkPictures(ledger));
  return { breaches, markBreaches: [...checkMarks(ledger)], shownAgain };
}

// ---- what was shown -------------------------------------------------------------------------------

function checkShown(ledger: LedgerView, device: DeviceRecord) {
  const breaches: Breach[] = [];
  const shown = new Map<number, ShownRecord>();
  const order = new OrderOfShowing();
  let shownAgain = 0;
  for (const showing of device.shown) {
    const { number, life } = showing;
    const message = ledger.sent.get(number);
    const add = (kind: BreachKind) => breaches.push({ kind, number, device: device.device });
    if (!message || !isAsSent(message, showing)) add('altered');
    if (!message) continue;
    if (message.outcome === 'refused') add('refused');
    const isOwn = message.device === device.device && message.life === life;
    if (isOwn || !isFor(ledger, message, device)) add('astray');
    if (isKeptFrom(ledger, message, device.userId)) add('overheard');
    const before = shown.get(number);
    shown.set(number, showing);
    const isAgain = before !== undefined && mayBeAgain(ledger, message, device, before, showing);
    const timeline = timelineAt(message, device);
    const isInOrder =
      showing.seq === 0 ||
      ledger.losses?.has(timeline) ||
      order.follows(message, showing, ledger.losses && timeline, isAgain);
    if (before && !isAgain) add('doubled');
    else if (!isInOrder) add('disordered');
    if (isAgain) shownAgain += 1;
  }
  return { breaches, shownAgain, numbers: new Set(shown.keys()) };
}

function isAsSent(message: SentRecord, { isFaithful, id }: ShownRecord): boolean {
  return isFaithful && (message.id === '' || id === '' || message.id === id);
}

/** The device had not taken the first, or has crashed between the two and had not saved the first. */
function mayBeAgain(
  { losses }: LedgerView,
  { target }: SentRecord,
  { lives }: DeviceRecord,
  before: ShownRecord,
  now: ShownRecord,
): boolean {
  const timeline = 'group' in target ? target.group : '';
  if (!before.isTaken && before.life < now.life) return true;
  // An instance knows nothing of the lobby before its own time.
  if (timeline === lobby && !losses?.has(lobby)) return false;
  return lives
    .slice(before.life, now.life)
    .some(({ end, savedSeqs }) => end === 'crashed' && before.seq > (savedSeqs.get(timeline) ?? 0));
}

/**
 * Messages of one SDK instance to one target come in the order of their numbers, and to one SDK
 * instance those of one timeline in the order of theirs.
 */
class OrderOfShowing {
  readonly #last = new Map<string, number>();
  readonly #lastOfLife = new Map<string, number>();

  /**
   * `isAgain`: it goes back behind what was shown before the crash, not behind others like it.
   * `timeline`: undefined where its numbers may have been given out twice.
   */
  follows(
    message: SentRecord,
    { life, seq }: ShownRecord,
    timeline: Timeline | undefined,
    isAgain: boolean,
  ): boolean {
    const { number } = message;
    const conversation = conversationOf(message);
    const [ofLife, ofTimeline] = [`${life}/${conversation}`, `${life} ${timeline}`];
    const last = this.#last.get(conversation) ?? 0;
    const follows =
      (isAgain || number > last) &&
      number > (this.#lastOfLife.get(ofLife) ?? 0) &&
      (timeline === undefined || seq > (this.#lastOfLife.get(ofTimeline) ?? 0));
    this.#last.set(conversation, Math.max(last, number));
    this.#lastOfLife.set(ofLife, number).set(ofTimeline, seq);
    return follows;
  }
}

/** What comes from no device is a conversation of its own. */
function conversationOf({ device, life, target, number }: SentRecord): string {
  if (device === '') return `/${number}`;
  return `${device}/${life}/${'group' in target ? `#${target.group}` : target.to}`;
}

function isFor(ledger: LedgerView, { userId, target }: SentRecord, device: DeviceRecord): boolean {
  if ('to' in target) return target.to === device.userId || userId === device.userId;
  return target.group === lobby || ledger.hasEntered(target.group, device.userId);
}

/** It was sent and stored while this user was no member of its group. */
function isKeptFrom(ledger: LedgerView, message: SentRecord, userId: number): boolean {
  const { target, outcome } = message;
  return (
    outcome === 'stored' && 'group' in target && ledger.wasShutOut(target.group, userId, message)
  );
}

function timelineAt({ target }: SentRecord, { userId }: DeviceRecord): Timeline {
  return 'group' in target ? target.group : userId;
}

// ---- what was not shown ---------------------------------------------------------------------------

/**
 * Private messages are in the timeline of the receiver and in that of the sender, those to a named
 * group in the group's.
 */
function* checkTimelines(
  ledger: LedgerView,
  read: ReadonlyMap<DeviceRecord, ReadonlySet<number>>,
): Iterable<Breach> {
  const { sent, devices } = ledger;
  const byUser = Map.groupBy(devices, ({ userId }) => userId);
  for (const message of sent.values()) {
    const { number, outcome, target, userId } = message;
    if (outcome === 'refused' || outcome === 'transient') continue;
    if ('group' in target && target.group === lobby) continue;
    const has = (device: DeviceRecord) => read.get(device)?.has(number) === true;
    const timelines = 'group' in target ? [target.group] : new Set([target.to, userId]);
    for (const timeline of timelines) {
      const readers = typeof timeline === 'number' ? (byUser.get(timeline) ?? []) : devices;
      if (outcome !== 'stored' && !readers.some(has)) continue;
      for (const reader of readers) {
        if (!has(reader) && isOwed(ledger, message, reader, byUser))
          yield { kind: 'lost', number, device: reader.device };
      }
    }
  }
}

function isOwed(
  ledger: LedgerView,
  message: SentRecord,
  device: DeviceRecord,
  byUser: ReadonlyMap<number, readonly DeviceRecord[]>,
): boolean {
  const { target, userId, sentStep, number } = message;
  if (message.device === device.device || device.lives.at(-1)?.end !== 'alive') return false;
  if (ledger.losses?.excuse(message, timelineAt(message, device))) return false;
  const since =
    'group' in target
      ? ledger.followedSince(device, target.group, sentStep)
      : (device.lives.find(({ readySteps }) => readySteps.length > 0)?.readySteps[0] ?? Infinity);
  if (since < sentStep) return true;
  if ('group' in target || target.to === userId || target.to !== device.userId) return false;
  // It starts where its user's devices are.
  return !byUser
    .get(device.userId)
    ?.some(({ shown }) =>
      shown.some((showing) => showing.number === number && showing.shownStep < since),
    );
}

/**
 * The lobby. An instance that has ended may have missed the last messages; but none before one that
 * it has shown.
 */
function* checkLobby({ sent, devices, losses }: LedgerView): Iterable<Breach> {
  const isToLobby = (message: SentRecord | undefined) =>
    message !== undefined && 'group' in message.target && message.target.group === lobby;
  const owed = [...sent.values()].filter(
    (message) =>
      isToLobby(message) && message.outcome === 'stored' && !losses?.excuse(message, lobby),
  );
  for (const device of devices) {
    for (const [life, { readySteps, end }] of device.lives.entries()) {
      const [ready] = readySteps;
      if (ready === undefined || owed.length === 0) continue;
      const shown = device.shown.filter(
        (showing) => showing.life === life && isToLobby(sent.get(showing.number)),
      );
      const numbers = new Set(shown.map(({ number }) => number));
      // Numbers that were given out twice tell nothing.
      const until = losses?.has(lobby) ? 0 : Math.max(0, ...shown.map(({ seq }) => seq));
      for (const message of owed) {
        const isOwn = message.device === device.device && message.life === life;
        const isKnownToHaveCome = end === 'alive' || (message.seq > 0 && message.seq < until);
        if (isOwn || message.sentStep < ready || !isKnownToHaveCome) continue;
        if (!numbers.has(message.number))
          yield { kind: 'lost', number: message.number, device: device.device };
      }
    }
  }
}
