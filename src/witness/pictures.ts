/**
 * Whether messages became what people made of them. In the end each device reads back what it may
 * read: all have the same picture of a message, it has each acknowledged edit, retraction and reaction
 * but for those that the same person has overtaken, and nothing else. Pure.
 *
 * An unconfirmed change may be there or not; a private message is in two timelines, and it may be in
 * one of them alone. Of two changes that different devices of one person make, nobody can tell which
 * is the last, but all agree on it.
 */
import { lobby, type Message } from '../client/sdk/index.ts';
import type { Breach, BreachKind } from './breach.ts';
import {
  aspectOf,
  type ChangeRecord,
  type DeviceRecord,
  type HistoryRecord,
  type LedgerView,
  type PictureRecord,
} from './ledger.ts';

/** What has become of a message, by aspect. Of a retracted one nothing else is left. */
export function aspectsOf(message: Message): Map<string, string> {
  const { text, edited, retracted, reactions = [] } = message;
  if (retracted)
    return new Map([[aspectOf({ kind: 'retract', userId: message.from }), retraction]]);
  const aspects = new Map<string, string>();
  if (edited !== undefined) aspects.set(aspectOf({ kind: 'edit', userId: message.from }), text);
  for (const { from, emoji } of reactions)
    aspects.set(aspectOf({ kind: 'react', userId: from }), reactionsValue(emoji));
  return aspects;
}

/** The value of a retraction. */
export const retraction = 'retracted';

/** The value of reactions; empty: none, or no more. */
export function reactionsValue(emoji: readonly string[]): string {
  return emoji.join(' ');
}

export function* checkPictures(ledger: LedgerView): Iterable<Breach> {
  if (ledger.devices.every(({ history }) => history === undefined)) return;
  const changes = Map.groupBy(ledger.changes, ({ id }) => id);
  const first = new Map<string, string>();
  for (const device of ledger.devices) {
    const { history } = device;
    if (!history) continue;
    for (const picture of history.pictures.values()) {
      const { id, from, aspects } = picture;
      const made = (changes.get(id) ?? []).filter(
        ({ kind, userId }) => kind === 'react' || userId === from,
      );
      const detail = wordsOf(aspects);
      const place = placeOf(picture, made, device);
      const before = first.get(place) ?? detail;
      first.set(place, before);
      const kinds = new Set(judge(picture, made));
      if (before !== detail) kinds.add('differing');
      for (const kind of kinds)
        yield { kind, number: ledger.numberOf(id), device: device.device, detail };
    }
    yield* missing(ledger, changes, device, history);
  }
}

/** Those who look at one place see the same. */
function placeOf(
  { id, timeline }: PictureRecord,
  made: readonly ChangeRecord[],
  { userId }: DeviceRecord,
): string {
  const isDoubtful = made.some(({ outcome }) => outcome === 'unconfirmed' || outcome === 'waiting');
  return typeof timeline === 'number' && isDoubtful ? `${id} of ${userId}` : id;
}

function* judge(
  { aspects, isFaithful }: PictureRecord,
  made: readonly ChangeRecord[],
): Iterable<BreachKind> {
  if (!isFaithful) yield 'altered';
  const byAspect = Map.groupBy(made, aspectOf);
  const isRetracted = aspects.has('retraction');
  const names = isRetracted ? ['retraction'] : [...aspects.keys(), ...byAspect.keys()];
  for (const name of new Set(names)) {
    const kind = judgeAspect(aspects.get(name) ?? '', byAspect.get(name) ?? []);
    if (kind) yield kind;
  }
}

function judgeAspect(value: string, made: readonly ChangeRecord[]): BreachKind | undefined {
  const possible = made.filter(({ outcome }) => outcome !== 'refused');
  const last = possible.filter((one) => !possible.some((other) => overtakes(other, one)));
  if (last.some((change) => change.value === value)) return undefined;
  const isKnown = value === '' || possible.some((change) => change.value === value);
  if (!isKnown) return 'forged';
  return possible.some(({ outcome }) => outcome === 'stored') ? 'undone' : undefined;
}

/** Known to be later: the same SDK instance had been told that the other one is stored. */
function overtakes(later: ChangeRecord, earlier: ChangeRecord): boolean {
  return (
    later.outcome === 'stored' &&
    earlier.outcome === 'stored' &&
    later.device === earlier.device &&
    later.life === earlier.life &&
    later.sentStep > earlier.answeredStep
  );
}

/** What the device has shown, or its user sent, is still there, unless all that is as old is gone. */
function* missing(
  ledger: LedgerView,
  changes: ReadonlyMap<string, unknown>,
  device: DeviceRecord,
  { pictures, oldestSeqs }: HistoryRecord,
): Iterable<Breach> {
  const shown = new Map(device.shown.map(({ number, seq }) => [number, seq]));
  for (const id of changes.keys()) {
    const message = ledger.sent.get(ledger.numberOf(id));
    if (!message || pictures.has(id)) continue;
    const { number, target, userId, sentStep } = message;
    const own = userId === device.userId ? message.seq : 0;
    const seq = shown.get(number) ?? own;
    const timeline = 'group' in target ? target.group : device.userId;
    const isIn =
      !('group' in target) ||
      target.group === lobby ||
      ledger.followedSince(device, target.group, sentStep) < Infinity;
    if (isIn && !ledger.losses?.has(timeline) && seq >= (oldestSeqs.get(timeline) ?? Infinity))
      yield { kind: 'missing', number, device: device.device };
  }
}

function wordsOf(aspects: ReadonlyMap<string, string>): string {
  if (aspects.size === 0) return 'as it was sent';
  return [...aspects].map(([name, value]) => `${name} "${value}"`).join(', ');
}
