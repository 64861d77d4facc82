/** What the process of the crowd is told, and what it answers. */

export interface CrowdOptions {
  readonly routes: readonly string[];
  /** Of a text. */
  readonly bytes: number;
}

/** Who writes to whom, and how many messages are on their way. */
export type Work =
  /** Pairs of people, drawn anew for each message; so many among all. */
  | { readonly kind: 'scattered'; readonly durable: boolean; readonly window: number }
  /** The first `connections` in pairs; so many of each. */
  | {
      readonly kind: 'pairs';
      readonly durable: true;
      readonly window: number;
      readonly connections: number;
    }
  /** In each of the groups one member writes to all the others; so many in each. */
  | {
      readonly kind: 'groups';
      readonly durable: true;
      readonly window: number;
      readonly members: number;
      readonly groups: number;
    };

export type ToCrowd =
  /** Registers accounts until there are so many; logs in those that are not; connects them. */
  | { readonly do: 'register'; readonly total: number }
  | { readonly do: 'logIn' }
  | { readonly do: 'connect' }
  /** Makes `groups` groups of `members` people each, who follow them. */
  | { readonly do: 'form'; readonly groups: number; readonly members: number }
  /** `acknowledging`: clients acknowledge each message when it has come, else never. */
  | { readonly do: 'begin'; readonly work: Work; readonly acknowledging: boolean }
  /** Asks for what was counted since it was last asked. */
  | { readonly do: 'take' }
  /** Begins nothing more. Answered when what is on its way has come, or had its time. */
  | { readonly do: 'end' };

/** Everything since the last one. */
export interface Taken {
  readonly sent: number;
  readonly delivered: number;
  /** Acknowledgements that clients have written. */
  readonly acknowledgements: number;
  /** On the sockets of clients. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly cpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Ended {
  /** Sent and not arrived. */
  readonly missing: number;
}

/** Of the others nothing but that they are done. */
export type FromCrowd = Taken | Ended | undefined;
