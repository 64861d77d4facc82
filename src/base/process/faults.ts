/**
 * What can be the matter with a role: one table of faults, and one set of words for them. `/readyz`
 * and the log begin a reason with the words of its fault, `/metrics` has them as a label, and `cim
 * doctor`, `cim top` and docs/reference/faults.md tell them with the remedy. Whoever notices a fault
 * adds what it knows in detail (src/base/process/health.ts).
 *
 * Whose fault it is decides what an orchestrator is to do. `own`: another instance may be without it
 * (this one is starting, draining, its clock is wrong, its connection leads nowhere), so this one gets
 * no work: 503. `shared`: all instances have it (ZooKeeper has no quorum, Redis refuses writes), so
 * nothing would be better anywhere else: 200, with the reasons as `degraded`.
 */

export type FaultScope = 'own' | 'shared';

export interface Fault {
  readonly scope: FaultScope;
  /** What it is, in one short sentence. Strangers may read it. */
  readonly words: string;
  /** What an operator does about it. */
  readonly remedy: string;
  /**
   * `part`: whoever looks after that part logs what becomes of it, with more than is for strangers.
   * `life`: it belongs to every life of a role, as starting does. The default: a warning.
   */
  readonly log?: 'part' | 'life';
}

export const faults = {
  starting: {
    scope: 'own',
    words: 'it is starting',
    remedy: 'wait; if it lasts, what else is the matter says for what it waits',
    log: 'life',
  },
  stopping: {
    scope: 'own',
    words: 'it is stopping',
    remedy: 'nothing: it was told to',
    log: 'life',
  },
  draining: {
    scope: 'own',
    words: 'it takes no more logins',
    remedy: 'nothing: it was drained; restart it to have it back',
    log: 'life',
  },
  'store-connection': {
    scope: 'own',
    words: 'the store cannot be reached',
    remedy: 'see that Redis runs, and that this machine reaches it with the password it wants',
    log: 'part',
  },
  'store-refusals': {
    scope: 'shared',
    words: 'the store refuses writes',
    remedy: 'free its disk or its memory, or bring its replicas back: senders keep what they have',
  },
  'lost-tail': {
    scope: 'shared',
    words: 'the store has lost some of what was acknowledged',
    remedy: 'set --ack-replicas, so that the next failover of Redis loses nothing',
    log: 'part',
  },
  registry: {
    scope: 'shared',
    words: 'ZooKeeper cannot be used',
    remedy: 'bring it back, with a majority of its ensemble; restart no role meanwhile',
    log: 'part',
  },
  'no-route': {
    scope: 'shared',
    words: 'there is no route',
    remedy: 'start one',
  },
  'route-connection': {
    scope: 'own',
    words: 'no route can be reached',
    remedy: 'look at the network, at --advertise of the routes, and at the cluster secret',
  },
  'clock-differs': {
    scope: 'shared',
    words: "the clock of this machine differs from the store's",
    remedy: 'let one service set the clocks of all machines (chrony)',
  },
  'clock-wrong': {
    scope: 'own',
    words: 'the clock of this machine is wrong',
    remedy: 'set it right, and let a service keep it so (chrony)',
  },
  'slow-readers': {
    scope: 'shared',
    words: 'clients read too slowly',
    remedy: 'nothing if they are few: they catch up from the store; if many, look at the network',
  },
  files: {
    scope: 'shared',
    words: 'no files can be taken or given',
    remedy: 'make room in the folder for files, or bring the S3 back',
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

/** Of that name, as every fault is. */
export function faultOf(name: FaultName): Fault {
  return faults[name];
}
