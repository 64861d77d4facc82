/** Marks, as routes answer them. */

/** What a route answers of what one peer has of the user's messages. */
export interface PeerMarks {
  readonly peer: number;
  /** Of each epoch the numbers up to which they have got, what moved last at the end. */
  readonly sources: readonly {
    readonly epoch: string;
    readonly delivered: number;
    readonly read: number;
  }[];
}

export interface MarksQuery {
  readonly peers?: readonly number[];
}

export interface MarksAnswer {
  readonly peers: readonly PeerMarks[];
}
