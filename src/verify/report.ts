/** What a run has come to: figures, and their forms for people and for programs. Pure. */
import { align } from '../base/text/align.ts';
import { safeLine } from '../base/text/safe-text.ts';
import type { BreachKind } from '../witness/breach.ts';
import { describeMarkBreach } from '../witness/check-marks.ts';
import type { Verdict } from '../witness/checker.ts';
import { describeBreach } from '../witness/describe-breach.ts';
import type { ChangeKind, LedgerView, Outcome } from '../witness/ledger.ts';
import type { LatencySummary } from './latency.ts';
import { disturbances, faults, type Plan } from './plan.ts';

export interface VerifyReport {
  readonly seed: number;
  /** What to type to have the same again. */
  readonly again: string;
  readonly people: number;
  readonly devices: number;
  /** What was to go wrong, and how often each of it, by what it is called. */
  readonly plan: Plan;
  readonly planned: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly outcomes: Readonly<Record<Answer, number>>;
  /** Of those that are stored. */
  readonly replies: number;
  readonly encrypted: number;
  /** Edits, retractions and reactions: what was answered, and how many of each are stored. */
  readonly changeOutcomes: Readonly<Record<Answer, number>>;
  readonly changes: Readonly<Record<ChangeKind, number>>;
  /** Messages that were changed, as devices have read them back: compared, on all devices together. */
  readonly pictures: number;
  /** Why messages and changes were refused or are unconfirmed, and how many. */
  readonly codes: Readonly<Record<string, number>>;
  readonly shown: number;
  readonly shownAgain: number;
  readonly breaches: Readonly<Record<BreachKind, number>>;
  /**
   * How often devices were told how far others have got: of more than that, which breaks a promise, and
   * of what they were never told, which breaks none.
   */
  readonly marks: { readonly told: number; readonly ahead: number; readonly untold: number };
  /** The first few. */
  readonly details: readonly string[];
  /** What should not have happened, whatever became of the messages. */
  readonly problems: readonly string[];
  readonly latency: LatencySummary;
  /** The folder of what the parts of the cluster have said, if that is kept. */
  readonly evidenceIn?: string;
  readonly isKept: boolean;
}

type Answer = Exclude<Outcome, 'transient'>;

export interface ReportOptions {
  readonly seed: number;
  readonly again: string;
  readonly people: number;
  readonly plan: Plan;
  readonly ledger: LedgerView;
  readonly verdict: Verdict;
  readonly problems: readonly string[];
  readonly latency: LatencySummary;
  readonly evidenceIn?: string;
}

const detailsMax = 10;

export function makeReport({ ledger, verdict, plan, ...options }: ReportOptions): VerifyReport {
  const { breaches, markBreaches, shownAgain } = verdict;
  const ahead = markBreaches.filter(({ kind }) => kind === 'ahead');
  const sent = [...ledger.sent.values()];
  const { changes } = ledger;
  const stored = sent.filter(({ outcome }) => outcome === 'stored');
  return {
    ...options,
    devices: ledger.devices.length,
    plan,
    planned: {
      ...countBy(plan.faults, ({ kind }) => faults[kind].text),
      ...countBy(plan.disturbances, ({ kind }) => disturbances[kind].text),
    },
    sent: sent.length,
    outcomes: { ...noAnswers, ...countBy(sent, ({ outcome }) => outcome) },
    replies: stored.filter(({ replyTo }) => replyTo !== '').length,
    encrypted: stored.filter(({ isEncrypted }) => isEncrypted).length,
    changeOutcomes: { ...noAnswers, ...countBy(changes, ({ outcome }) => outcome) },
    changes: {
      ...{ edit: 0, retract: 0, react: 0 },
      ...countBy(
        changes.filter(({ outcome }) => outcome === 'stored'),
        ({ kind }) => kind,
      ),
    },
    pictures: ledger.devices.reduce((sum, { history }) => sum + (history?.pictures.size ?? 0), 0),
    codes: countBy(
      [...sent, ...changes].filter(({ code }) => code !== ''),
      ({ code }) => code,
    ),
    shown: ledger.devices.reduce((sum, { shown }) => sum + shown.length, 0),
    shownAgain,
    breaches: {
      lost: 0,
      doubled: 0,
      disordered: 0,
      altered: 0,
      refused: 0,
      astray: 0,
      intruding: 0,
      overheard: 0,
      undone: 0,
      forged: 0,
      differing: 0,
      missing: 0,
      ...countBy(breaches, ({ kind }) => kind),
    },
    marks: {
      told: ledger.marks.told.length,
      ahead: ahead.length,
      untold: markBreaches.filter(({ kind }) => kind === 'untold').length,
    },
    details: [
      ...breaches.map((breach) => describeBreach(breach, ledger)),
      ...ahead.map(describeMarkBreach),
    ].slice(0, detailsMax),
    isKept: breaches.length + ahead.length + options.problems.length === 0,
  };
}

const noAnswers = { waiting: 0, stored: 0, refused: 0, unconfirmed: 0 };

export function formatReport(report: VerifyReport): string {
  const { outcomes, changeOutcomes, changes, breaches, marks, latency } = report;
  const kinds = `edits ${changes.edit}, retractions ${changes.retract}, reactions ${changes.react}`;
  const codes = listCounts(report.codes);
  const sumOf = (...answers: readonly Answer[]) =>
    String(answers.reduce((sum, each) => sum + outcomes[each] + changeOutcomes[each], 0));
  const rows: [string, string][] = [
    ['sent', `${report.sent} by ${report.devices} devices of ${report.people} people`],
    ['stored', `${outcomes.stored}: replies ${report.replies}, encrypted ${report.encrypted}`],
    ['changed', `${changeOutcomes.stored}: ${kinds}`],
    ['refused', sumOf('refused')],
    ['unconfirmed', sumOf('unconfirmed', 'waiting')],
    ...(codes === '' ? [] : [['', codes] satisfies [string, string]]),
    ['shown', `${report.shown}${again(report.shownAgain)}`],
    ['lost', String(breaches.lost)],
    ['doubled', String(breaches.doubled)],
    ['disordered', String(breaches.disordered)],
    ['read back', `${report.pictures} changed messages, on all devices together`],
    ['undone', String(breaches.undone)],
    ['differing', String(breaches.differing)],
    ['marks', `${marks.told}: ahead ${marks.ahead}, never told ${marks.untold}`],
    ...otherBreaches(report),
    ['latency', formatLatency(latency)],
  ];
  const lines = [
    `what happened: ${listCounts(report.planned)}`,
    ...align(rows).map((line) => `  ${line}`),
    ...report.details,
    ...report.problems.map((problem) => `unexpected: ${problem}`),
    ...(report.evidenceIn === undefined ? [] : [`logs: ${report.evidenceIn}`]),
    `again: ${report.again}`,
    report.isKept ? 'kept: nothing lost, doubled, out of order or undone' : 'BROKEN',
  ];
  // What roles and devices have said may be part of it.
  return lines.map((line) => `${safeLine(line)}\n`).join('');
}

/** What hardly ever is, so that it is only told when it is. */
function otherBreaches({ breaches }: VerifyReport): [string, string][] {
  const { altered, refused, astray, intruding, overheard, forged, missing } = breaches;
  const all: [string, number][] = [
    ['altered', altered],
    ['refused but shown', refused],
    ['shown to others', astray],
    ['by somebody removed', intruding],
    ['shown to somebody removed', overheard],
    ['forged', forged],
    ['missing when read back', missing],
  ];
  return all.filter(([, count]) => count > 0).map(([name, count]) => [name, String(count)]);
}

function again(count: number): string {
  return count === 0 ? '' : `, ${count} of them again after a crash of the device`;
}

function formatLatency({ count, p50Ms, p99Ms, maxMs }: LatencySummary): string {
  if (count === 0) return 'not measured';
  const [p50, p99, max] = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(ms < 10 ? 1 : 0));
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${count} shown on devices left alone)`;
}

function listCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function countBy<T, Key extends string>(
  items: readonly T[],
  keyOf: (item: T) => Key,
): Partial<Record<Key, number>> & Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts as Partial<Record<Key, number>> & Record<string, number>;
}
