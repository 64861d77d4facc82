/** What the processes of a bench say to each other: one that coordinates, and workers. */
import type { TallyMessage } from './tally.ts';

/** Set for a process that is to be a worker. */
export const workerVariable = 'CIM_BENCH_WORKER';

export type Pattern = 'private' | 'group' | 'transient' | 'idle' | 'login' | 'http';

/** A worker's part of the work. */
export interface Order {
  readonly routes: readonly string[];
  /** How certificates are checked: files of this machine. */
  readonly tls: { readonly tlsCa: string | undefined; readonly tlsName: string | undefined };
  /** The user whose ports on this machine are believed without TLS, beside root and our own. */
  readonly portOwner: number | undefined;
  readonly pattern: Pattern;
  /** Of client 0 of the run. */
  readonly firstUserId: number;
  /** Devices of each client, each with a connection. */
  readonly devices: number;
  readonly groups: number;
  /** Connections of the whole run, and which of them are this worker's. */
  readonly connections: number;
  readonly from: number;
  readonly to: number;
  readonly inFlight: number;
  readonly bytes: number;
}

export type ToWorker =
  | { readonly do: 'open'; readonly order: Order }
  /** Of the `group` pattern: first the groups are made, by whose worker it is; then all join. */
  | { readonly do: 'create-groups' }
  | { readonly do: 'join-groups' }
  /** Begins, or goes on with another rate; without one, each sender keeps its `inFlight`. */
  | { readonly do: 'run'; readonly perSecond?: number }
  /** Asks for what was counted since it was last asked. */
  | { readonly do: 'take' }
  /** Begins nothing more. Answered when what is on its way has come, or had its time. */
  | { readonly do: 'finish' };

export type FromWorker =
  /** Answers `open`: `host:port` of the servers that the connections lead to. */
  | { readonly is: 'open'; readonly servers: readonly string[] }
  /** Answers the other commands. */
  | { readonly is: 'done' }
  | { readonly is: 'taken'; readonly tally: TallyMessage };

/** Told while a worker obeys `open`: so many more accounts are registered, and connections open. */
export interface Opening {
  readonly registered: number;
  readonly opened: number;
}
