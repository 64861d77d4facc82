/**
 * Which server is the master, by what its Sentinels say. One of them alone may not have heard of a
 * failover yet: it names a master that was killed and has come back, and is to be made a replica.
 * Pure.
 */
import { formatHostPort, type HostPort } from '../../../base/network/host-port.ts';

/** What one Sentinel says of a master. */
export interface SentinelView {
  /** Of the Sentinel. */
  readonly id: string;
  readonly master: HostPort;
  /** Grows with each failover that a majority has voted for. */
  readonly epoch: number;
  readonly isFailingOver: boolean;
  /** Sentinels that it knows beside itself. */
  readonly others: number;
}

export interface AgreedMaster {
  readonly master: HostPort;
  readonly epoch: number;
}

/**
 * The master that a majority of the Sentinels, of those that do not answer too, name in the highest
 * epoch while none is failing over; else why there is none.
 */
export function agreedMaster(answers: readonly SentinelView[]): AgreedMaster | string {
  const views = [...new Map(answers.map((view) => [view.id, view])).values()];
  if (views.length === 0) return 'no Sentinel answers';
  if (views.some(({ isFailingOver }) => isFailingOver)) return 'Sentinel is failing over';
  const epoch = Math.max(...views.map((view) => view.epoch));
  const total = Math.max(views.length, ...views.map(({ others }) => others + 1));
  const newest = views.filter((view) => view.epoch === epoch);
  const byAddress = Map.groupBy(newest, ({ master }) => formatHostPort(master));
  for (const voters of byAddress.values()) {
    const [first] = voters;
    if (first && voters.length > total / 2) return { master: first.master, epoch };
  }
  return `of ${total} Sentinels ${views.length} answer, and no majority names one master`;
}

/** Whether a master that was agreed on is to be left: another was promoted, or is agreed on. */
export function isOutdated(
  taken: AgreedMaster,
  answers: readonly SentinelView[],
  agreed: AgreedMaster | string,
): boolean {
  if (answers.some(({ epoch }) => epoch > taken.epoch)) return true;
  if (typeof agreed === 'string') return false;
  return agreed.master.host !== taken.master.host || agreed.master.port !== taken.master.port;
}
