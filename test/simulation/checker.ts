/**
 * Holds a ledger against what cim promises (docs/guarantees.md): what was acknowledged is stored;
 * what is stored is shown on every device of those whom it is for, once and in order; what was
 * refused is never seen. Pure: it knows a ledger and nothing of how it came about.
 *
 * A failover that loses a tail takes acknowledged messages, and nothing else: what is still, or
 * again, in the timeline is shown all the same, and nothing twice.
 */
import { lobby } from '../../src/codec/commands.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../../src/store/timelines.ts';
import type { Device, Ledger, Life, Sent, Shown } from './ledger.ts';

/** In one line each, what was not kept; empty when all was. */
export function check(ledger: Ledger): string[] {
  const byText = new Map(ledger.sent.map((sent) => [sent.text, sent]));
  const lives = ledger.devices.flatMap((device) => device.lives);
  return [
    ...lives.flatMap((life) => checkGenuine(life, byText)),
    ...lives.flatMap(checkOnce),
    ...ledger.devices.flatMap(checkOnceAcrossLives),
    ...lives.flatMap((life) => checkOrder(life, ledger)),
    ...lives.flatMap(checkAlive),
    ...ledger.sent.flatMap(checkAnswered),
    ...checkStore(ledger, byText),
    ...ledger.sent.flatMap((sent) => checkShown(sent, ledger)),
  ];
}

/** What is shown was sent, so, and not refused. */
function checkGenuine(life: Life, byText: ReadonlyMap<string, Sent>): string[] {
  return life.shown.flatMap((shown) => {
    const sent = byText.get(shown.text);
    const what = `${nameOf(life)} shows ${shown.text}`;
    if (!sent) return [`${what}, which nobody has sent`];
    if (sent.outcome === 'refused') return [`${what}, which was refused`];
    const isSame = sent.from === shown.from && sent.to === shown.to && sent.group === shown.group;
    if (!isSame) return [`${what} as from ${shown.from} to ${shown.to || shown.group}`];
    if (sent.id !== '' && sent.id !== shown.id)
      return [`${what} as ${shown.id}, which was acknowledged as ${sent.id}`];
    if (sent.life === life) return [`${what}, which it has sent itself`];
    return [];
  });
}

function checkOnce(life: Life): string[] {
  return repeated(life.shown.map(({ text }) => text)).map(
    (text) => `${nameOf(life)} shows ${text} twice`,
  );
}

/** Only a crash makes a device show again what it has shown. */
function checkOnceAcrossLives({ lives }: Device): string[] {
  const done = new Set<string>();
  const violations: string[] = [];
  for (const life of lives) {
    for (const { text } of life.shown)
      if (done.has(text)) violations.push(`${nameOf(life)} shows ${text} again`);
    if (life.end === 'killed') continue;
    for (const { text, taken } of life.shown) if (taken) done.add(text);
  }
  return violations;
}

/** Of one conversation in the order sent; of one timeline in the order of its numbers. */
function checkOrder(life: Life, { lost }: Ledger): string[] {
  const violations: string[] = [];
  const lastBySource = new Map<string, number>();
  const lastByTimeline = new Map<TimelineId, number>();
  for (const shown of life.shown) {
    const [source, sendSeq] = splitIdentity(shown.id);
    if (shown.seq === 0) continue;
    const timeline = timelineAt(life, shown);
    // Numbers that were given out twice make no order.
    if (lost.has(timeline)) continue;
    if (sendSeq <= (lastBySource.get(source) ?? 0))
      violations.push(`${nameOf(life)} shows ${shown.text} (${shown.id}) after a later one`);
    lastBySource.set(source, sendSeq);
    if (shown.seq <= (lastByTimeline.get(timeline) ?? 0))
      violations.push(`${nameOf(life)} shows ${shown.text} (number ${shown.seq}) out of turn`);
    lastByTimeline.set(timeline, shown.seq);
  }
  return violations;
}

function checkAlive(life: Life): string[] {
  return life.end === 'failed' ? [`${nameOf(life)} gave up: ${life.reason}`] : [];
}

function checkAnswered({ outcome, text }: Sent): string[] {
  return outcome === 'open' ? [`${text} is never answered`] : [];
}

/** Acknowledged means stored: in each timeline it belongs to, once. */
function checkStore(
  { sent, stored, lost, leavers }: Ledger,
  byText: ReadonlyMap<string, Sent>,
): string[] {
  const violations: string[] = [];
  const textsIn = new Map<TimelineId, ReadonlySet<string>>();
  for (const [timeline, messages] of stored) {
    const texts = messages.map(({ text }) => text);
    textsIn.set(timeline, new Set(texts));
    for (const text of repeated(texts)) violations.push(`${timeline} holds ${text} twice`);
    for (const text of texts) {
      const outcome = byText.get(text)?.outcome;
      if (outcome === 'refused') violations.push(`${timeline} holds ${text}, which was refused`);
      if (outcome === 'transient') violations.push(`${timeline} holds ${text}, which is transient`);
    }
  }
  for (const message of sent) {
    if (message.outcome !== 'stored') continue;
    // With its last member a group goes, and what was said there.
    if (leavers.has(message.group)) continue;
    for (const timeline of timelinesOf(message)) {
      if (textsIn.get(timeline)?.has(message.text) || lost.get(timeline)?.texts.has(message.text))
        continue;
      violations.push(`${timeline} does not hold ${message.text}, which was acknowledged`);
    }
  }
  return violations;
}

/** What was acknowledged is shown on every device that is there in the end, and is owed it. */
function checkShown(sent: Sent, ledger: Ledger): string[] {
  if (sent.outcome !== 'stored') return [];
  return ledger.devices.flatMap((device) => {
    const life = device.lives.at(-1);
    if (life?.end !== 'running' || !isOwed(sent, device, ledger)) return [];
    const lives = sent.group === lobby ? [life] : device.lives;
    if (lives.some(({ shown }) => shown.some(({ text }) => text === sent.text))) return [];
    return [`${nameOf(life)} never shows ${sent.text} (${sent.id})`];
  });
}

function isOwed(sent: Sent, device: Device, ledger: Ledger): boolean {
  const { group, to, from } = sent;
  const life = device.lives.at(-1);
  // What a device has sent itself counts as seen there.
  if (sent.life?.device === device && (group !== lobby || sent.life === life)) return false;
  const timeline = group === '' ? userTimeline(device.userId) : groupTimeline(group);
  if (isExcused(sent, timeline, ledger)) return false;
  // A new epoch starts at the head of the lobby.
  if (group === lobby) return firstOf(life?.readyAt) < sent.sentAt;
  if (group === '' && device.userId !== to && device.userId !== from) return false;
  const since = group === '' ? firstReadyAt(device) : followedSince(device, group, sent, ledger);
  if (since < sent.sentAt) return true;
  // A device starts where its user's devices are.
  if (group !== '' || device.userId !== to || from === to) return false;
  return !ledger.devices.some(
    (other) =>
      other.userId === device.userId &&
      other.lives.some(({ shown }) =>
        shown.some(({ text, shownAt }) => text === sent.text && shownAt < since),
      ),
  );
}

/**
 * Since when a device is to follow a group for this message: it has joined, or has logged in since
 * another of its user's has. Infinity: not at all, as for whoever has ever left.
 */
function followedSince(
  device: Device,
  group: string,
  { sentAt }: Sent,
  { memberships, leavers }: Ledger,
): number {
  if (leavers.get(group)?.has(device.userId)) return Infinity;
  let since = Infinity;
  for (const membership of memberships) {
    const { joinedAt } = membership;
    const isTheirs = membership.group === group && membership.device.userId === device.userId;
    if (!isTheirs || joinedAt > sentAt) continue;
    const logins = device.lives.flatMap(({ readyAt }) => readyAt.filter((at) => at > joinedAt));
    since = Math.min(since, membership.device === device ? joinedAt : firstOf(logins));
  }
  return since;
}

function firstReadyAt({ lives }: Device): number {
  return firstOf(lives.flatMap(({ readyAt }) => readyAt));
}

function firstOf(times: readonly number[] = []): number {
  return times[0] ?? Infinity;
}

/**
 * A failover took it, or it bears a number that had been given out before: whoever has seen that
 * number cannot tell, if the push of the new one is lost.
 */
function isExcused({ text }: Sent, timeline: TimelineId, { stored, lost }: Ledger): boolean {
  const loss = lost.get(timeline);
  if (!loss) return false;
  const message = stored.get(timeline)?.find((each) => each.text === text);
  return message ? message.seq <= loss.newest : loss.texts.has(text);
}

function timelinesOf({ group, to, from }: Sent): TimelineId[] {
  if (group !== '') return [groupTimeline(group)];
  return to === from ? [userTimeline(to)] : [userTimeline(to), userTimeline(from)];
}

function timelineAt({ device }: Life, { group }: Shown): TimelineId {
  return group === '' ? userTimeline(device.userId) : groupTimeline(group);
}

/** The source, and the number within it. */
function splitIdentity(id: string): [string, number] {
  const at = id.lastIndexOf('.');
  return [id.slice(0, at), Number(id.slice(at + 1))];
}

function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.size === seen.add(text).size);
}

function nameOf({ device }: Life): string {
  return device.name;
}
