/** What a simulation is about: what people do, and how much room their timelines have. */
import { type Quotas, quotasByDefault } from '../../src/store/quotas.ts';
import type { Cluster } from './cluster.ts';
import { act, flood } from './workload.ts';

export interface Scenario {
  readonly messagesMax: number;
  readonly quotas: Quotas;
  readonly hasSecondDevices: boolean;
  readonly hasGroups: boolean;
  /** People edit, retract, and react. */
  readonly hasChanges: boolean;
  readonly failsOver: boolean;
  /**
   * Room may be short: what is refused may be in its sender's own timeline, as on a Redis Cluster
   * (docs/reference/limits.md).
   */
  readonly refusesPrivate: boolean;
  /** One act of somebody. */
  readonly act: (cluster: Cluster) => void;
}

/** People talk, and there is room for all that they say. */
export const talk: Scenario = {
  messagesMax: 10_000,
  quotas: quotasByDefault,
  hasSecondDevices: true,
  hasGroups: true,
  hasChanges: true,
  failsOver: true,
  refusesPrivate: false,
  act,
};

/** People write more than mailboxes have room for, to others who may be away. */
export const flooding: Scenario = {
  messagesMax: 20,
  quotas: {
    ...quotasByDefault,
    strangersShare: 0.2,
    strangerPlacesMax: 3,
    contactPlacesMax: 8,
  },
  hasSecondDevices: false,
  hasGroups: false,
  hasChanges: false,
  failsOver: false,
  refusesPrivate: true,
  act: flood,
};
