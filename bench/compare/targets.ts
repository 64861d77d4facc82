/** What cim is to reach beside the others, and whether it has: ratios within one run. Pure. */
import type { Figures } from './measure.ts';
import type { SystemName } from './systems.ts';

export interface Verdict {
  readonly what: string;
  readonly ratio: number;
  /** At most, or at least if `isLeast`. */
  readonly bound: number;
  readonly isLeast: boolean;
  readonly isReached: boolean;
  /** What would be better still. */
  readonly aim?: number;
}

type Measure = (figures: Figures) => number;

const cpu: Measure = ({ cpuUsPerMessage }) => cpuUsPerMessage;
const rss: Measure = ({ rssPerConnection }) => rssPerConnection;
const p50: Measure = ({ p50Ms }) => p50Ms;
const p99: Measure = ({ p99Ms }) => p99Ms;
/** What socket.io and aedes are to be behind in, in every row that they are in. */
const beaten: readonly SystemName[] = ['socket.io', 'aedes'];
const pairRows = ['transient-1', 'transient-10', 'transient-100', 'transient-1000'];

/** Of the rows that were run: what lacks a figure is left out. */
export function judge(results: readonly Figures[]): readonly Verdict[] {
  const find = (row: string, system: SystemName) =>
    results.find((each) => each.row === row && each.system === system);
  const ratioOf = (row: string, of: SystemName, to: SystemName, measure: Measure): number => {
    const [ours, theirs] = [find(row, of), find(row, to)];
    return ours && theirs ? measure(ours) / measure(theirs) : Number.NaN;
  };
  const atMost = (what: string, ratio: number, bound: number): Verdict => ({
    what,
    ratio,
    bound,
    isLeast: false,
    isReached: ratio <= bound,
  });
  const cpuAtMost = (row: string, of: SystemName, to: SystemName, bound: number): Verdict =>
    atMost(`${row}: CPU per message, ${of} to ${to}`, ratioOf(row, of, to, cpu), bound);

  const toNats = pairRows.map((row) => ratioOf(row, 'cim dev', 'nats', cpu));
  const growth = (system: SystemName): number => {
    const [few, many] = [find('spread-1000', system), find('spread-15000', system)];
    return few && many ? cpu(many) / cpu(few) : Number.NaN;
  };
  const [merged, single] = [find('fan-out-load', 'cim dev'), find('fan-out-1000', 'cim dev')];
  const merging =
    merged && single ? merged.messagesPerSecond / single.messagesPerSecond : Number.NaN;

  const verdicts: Verdict[] = [
    atMost('transient pairs: CPU per message to nats, geometric mean', geometricMean(toNats), 1),
    ...pairRows.map((row) => cpuAtMost(row, 'cim dev', 'nats', 1.15)),
    cpuAtMost('transient-1', 'cim dev', 'mosquitto', 0.9),
    cpuAtMost('transient-10', 'cim dev', 'mosquitto', 0.2),
    cpuAtMost('transient-100', 'cim dev', 'mosquitto', 0.2),
    ...(['cim dev', 'cim cluster'] as const).flatMap((of) =>
      (['nats', 'mosquitto', 'ejabberd', 'aedes'] as const).map((to) =>
        cpuAtMost('durable-10', of, to, 1),
      ),
    ),
    cpuAtMost('fan-out-1000', 'cim dev', 'mosquitto', 1),
    cpuAtMost('fan-out-1000', 'cim dev', 'nats', 1),
    {
      what: 'fan-out under load: deliveries per second to those of one message at a time',
      ratio: merging,
      bound: 5,
      isLeast: true,
      isReached: merging >= 5,
    },
    atMost(
      'durable-lone: p50 of cim dev to nats',
      ratioOf('durable-lone', 'cim dev', 'nats', p50),
      1.5,
    ),
    {
      ...atMost(
        'durable-lone: p50 of cim cluster to nats',
        ratioOf('durable-lone', 'cim cluster', 'nats', p50),
        6,
      ),
      aim: 3,
    },
    atMost(
      'idle-15000: RSS per connection to the relay',
      ratioOf('idle-15000', 'cim dev', 'relay', rss),
      1.3,
    ),
    atMost(
      'idle-15000: longest garbage collection of cim dev, ms',
      find('idle-15000', 'cim dev')?.collections?.longestMs ?? Number.NaN,
      50,
    ),
    atMost(
      'CPU per message at 15 000 to 1 000 connections: growth to that of the relay',
      growth('cim dev') / growth('relay'),
      1.15,
    ),
    ...['transient-10', 'durable-10'].map((row) => cpuAtMost(row, 'cim ws', 'cim dev', 1.35)),
    cpuAtMost('transient-10', 'cim ws', 'socket.io', 1),
    atMost(
      'transient-10: p99 of cim ws to socket.io',
      ratioOf('transient-10', 'cim ws', 'socket.io', p99),
      1,
    ),
    atMost(
      'idle-15000: RSS per connection, cim ws to socket.io',
      ratioOf('idle-15000', 'cim ws', 'socket.io', rss),
      1,
    ),
    atMost(
      'idle-15000: RSS per connection of cim ws, KB',
      (find('idle-15000', 'cim ws')?.rssPerConnection ?? Number.NaN) / 1_024,
      15,
    ),
    ...results
      .filter(({ row, system }) => beaten.includes(system) && row !== 'durable-10')
      .map(({ row, system, cpuUsPerMessage }) =>
        cpuUsPerMessage > 0
          ? cpuAtMost(row, 'cim dev', system, 1)
          : // Where there are no messages, there is the memory.
            atMost(
              `${row}: RSS per connection, cim dev to ${system}`,
              ratioOf(row, 'cim dev', system, rss),
              1,
            ),
      ),
  ];
  return verdicts.filter(({ ratio }) => Number.isFinite(ratio));
}

function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
