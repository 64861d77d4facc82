/** What a run has come to: figures, and their forms for people and for programs. Pure. */
import { align } from '../base/text/align.ts';
import { safeLine } from '../base/text/safe-text.ts';
import type { BreachKind, Verdict } from '../witness/checker.ts';
import { describeBreach } from '../witness/describe-breach.ts';
import type { LedgerView, Outcome } from '../witness/ledger.ts';
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
  readonly outcomes: Readonly<Record<Exclude<Outcome, 'transient'>, number>>;
  /** Why messages were refused or are unconfirmed, and how many. */
  readonly codes: Readonly<Record<string, number>>;
  readonly shown: number;
  readonly shownAgain: number;
  readonly breaches: Readonly<Record<BreachKind, number>>;
  /** The first few. */
  readonly details: readonly string[];
  /** What should not have happened, whatever became of the messages. */
  readonly problems: readonly string[];
  readonly latency: LatencySummary;
  /** The folder of what the parts of the cluster have said, if that is kept. */
  readonly evidenceIn?: string;
  readonly isKept: boolean;
}

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
  const { breaches, shownAgain } = verdict;
  const sent = [...ledger.sent.values()];
  return {
    ...options,
    devices: ledger.devices.length,
    plan,
    planned: {
      ...countBy(plan.faults, ({ kind }) => faults[kind].text),
      ...countBy(plan.disturbances, ({ kind }) => disturbances[kind].text),
    },
    sent: sent.length,
    outcomes: {
      waiting: 0,
      stored: 0,
      refused: 0,
      unconfirmed: 0,
      ...countBy(sent, ({ outcome }) => outcome),
    },
    codes: countBy(
      sent.filter(({ code }) => code !== ''),
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
      ...countBy(breaches, ({ kind }) => kind),
    },
    details: breaches.slice(0, detailsMax).map((breach) => describeBreach(breach, ledger)),
    isKept: breaches.length === 0 && options.problems.length === 0,
  };
}

export function formatReport(report: VerifyReport): string {
  const { outcomes, breaches, latency } = report;
  const codes = listCounts(report.codes);
  const rows: [string, string][] = [
    ['sent', `${report.sent} by ${report.devices} devices of ${report.people} people`],
    ['stored', String(outcomes.stored)],
    ['refused', String(outcomes.refused)],
    ['unconfirmed', `${outcomes.unconfirmed + outcomes.waiting}`],
    ...(codes === '' ? [] : [['', codes] satisfies [string, string]]),
    ['shown', `${report.shown}${again(report.shownAgain)}`],
    ['lost', String(breaches.lost)],
    ['doubled', String(breaches.doubled)],
    ['disordered', String(breaches.disordered)],
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
    report.isKept ? 'kept: nothing lost, doubled or out of order' : 'BROKEN',
  ];
  // What roles and devices have said may be part of it.
  return lines.map((line) => `${safeLine(line)}\n`).join('');
}

/** What hardly ever is, so that it is only told when it is. */
function otherBreaches({ breaches }: VerifyReport): [string, string][] {
  const { altered, refused, astray } = breaches;
  const all: [string, number][] = [
    ['altered', altered],
    ['refused but shown', refused],
    ['shown to others', astray],
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
