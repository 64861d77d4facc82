/**
 * Holds what happened in a simulation against what cim promises (docs/how-it-works/guarantees.md).
 * What people saw is judged as that of real clusters is (src/witness/checker.ts). Here is what only a
 * simulation can see: what was acknowledged is stored, nothing else is, what is unread is not trimmed
 * by count, every message is answered, and no client gives up by itself.
 */
import type { TimelineId } from '../../src/store/timelines.ts';
import type { Breach } from '../../src/witness/breach.ts';
import { describeMarkBreach } from '../../src/witness/check-marks.ts';
import { check as checkShown } from '../../src/witness/checker.ts';
import { describeBreach } from '../../src/witness/describe-breach.ts';
import type { Ledger, SentRecord } from '../../src/witness/ledger.ts';
import { numberOf, type StoreRecord, textOf, timelineIdOf } from './store-record.ts';

/** In one line each, what was not kept; empty when all was. */
export function check(ledger: Ledger, store: StoreRecord): string[] {
  const { breaches, markBreaches } = checkShown(ledger);
  return [
    ...breaches
      .filter((breach) => !isOwnCopy(breach, ledger, store))
      .map((breach) => describeBreach(breach, ledger)),
    ...markBreaches.map(describeMarkBreach),
    ...checkStored(ledger, store),
  ];
}

/** Of what was refused: a later life of the device that sent it may have it from its own timeline. */
function isOwnCopy({ kind, number, device }: Breach, ledger: Ledger, store: StoreRecord): boolean {
  return store.refusesPrivate && kind === 'refused' && ledger.sent.get(number)?.device === device;
}

/** What only a simulation can see. */
export function checkStored(ledger: Ledger, store: StoreRecord): string[] {
  const lives = ledger.devices.flatMap(({ device, lives }) =>
    lives.map((life) => ({ device, ...life })),
  );
  const failed = lives.filter(({ end }) => end === 'failed');
  const sent = [...ledger.sent.values()];
  return [
    ...failed.map(({ device, reason }) => `${device} gave up: ${reason}`),
    ...sent
      .filter(({ outcome }) => outcome === 'waiting')
      .map(({ number }) => `${textOf(number)} is never answered`),
    ...checkHeld(ledger, store),
    ...sent.flatMap((message) => checkKept(message, ledger, store)),
  ];
}

/** Each message once, and none that was refused or is transient. */
function checkHeld({ sent }: Ledger, { stored, refusesPrivate }: StoreRecord): string[] {
  const violations: string[] = [];
  for (const [timeline, messages] of stored) {
    const seen = new Set<string>();
    for (const { text } of messages) {
      if (seen.has(text)) violations.push(`${timeline} holds ${text} twice`);
      seen.add(text);
      const { outcome, userId = 0 } = sent.get(numberOf(text)) ?? {};
      const mayBe = refusesPrivate && timeline === timelineIdOf(userId);
      if (outcome === 'refused' && !mayBe)
        violations.push(`${timeline} holds ${text}, which was refused`);
      if (outcome === 'transient') violations.push(`${timeline} holds ${text}, which is transient`);
    }
  }
  return violations;
}

/** Acknowledged means stored: in each timeline it belongs to. */
function checkKept(message: SentRecord, ledger: Ledger, store: StoreRecord): string[] {
  const { number, outcome, target, userId } = message;
  if (outcome !== 'stored') return [];
  // With its last member a group goes, and what was said there.
  if ('group' in target && ledger.hasLeavers(target.group)) return [];
  const text = textOf(number);
  const timelines = 'group' in target ? [target.group] : [...new Set([target.to, userId])];
  return timelines
    .map(timelineIdOf)
    .filter(
      (timeline) =>
        !store.stored.get(timeline)?.some((each) => each.text === text) &&
        !store.lost.get(timeline)?.texts.has(text) &&
        !isTrimmed(message, timeline, ledger, store),
    )
    .map((timeline) => `${timeline} does not hold ${text}, which was acknowledged`);
}

/**
 * So many came after it that it is gone: an own copy, or what the receiver has been shown. What is
 * unread is never trimmed by count.
 */
function isTrimmed(
  { number, userId, seq }: SentRecord,
  timeline: TimelineId,
  { devices }: Ledger,
  { heads, messagesMax }: StoreRecord,
): boolean {
  const gone = (heads.get(timeline) ?? 0) - messagesMax;
  if (timeline === timelineIdOf(userId)) return seq <= gone;
  return devices.some(
    (device) =>
      timelineIdOf(device.userId) === timeline &&
      device.shown.some((showing) => showing.number === number && showing.seq <= gone),
  );
}
