/**
 * What a server-choice strategy is. It knows nothing of logins or servers: it picks one of a list.
 */

export interface Candidate {
  /** `host:tcpPort:httpPort`: the same for every route, and for the Java system's. */
  readonly key: string;
  /** Client connections, as last reported. */
  readonly connections: number;
}

/** Picks one of the candidates, of which there is at least one, for a user. */
export type Strategy = <C extends Candidate>(candidates: readonly C[], userId: string) => C;
