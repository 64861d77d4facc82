/** How far people have got in conversations: marks, and lists of conversations. */
export const marksLimits = {
  /** Marks in one acknowledgement: the others come with the next. */
  marksPerFrameMax: 8,
  /**
   * Sources of one timeline whose marks wait at a server for those under way. Of more the longest
   * unmoved is dropped: the next mark of it says more.
   */
  markSourcesHeldMax: 64,
  /** The same at a client, which sends them slowly. */
  clientMarkSourcesMax: 256,
  /** Marks that were sent so long ago have arrived, or their connection would have been given up. */
  clientMarksSentMs: 60_000,
  /** Marks that a client sends within a settling of 200 ms, by all timelines. */
  clientMarksAtOnceMax: 16,
  /**
   * Marks of one connection, over a while: twice what a client sends. Those beyond are dropped. Each
   * costs a call of the store and a push.
   */
  marksPerSecondMax: 160,
  /** What a connection may send at once, in seconds of that. */
  marksBurstSeconds: 5,
  /** Marks that a route has at the store at a time; those beyond are dropped. */
  marksUnderWayMax: 4_096,
  /** Versions of marks that came before an earlier one, of one connection; it is told to ask. */
  markVersionsAheadMax: 64,
  /** Conversations whose marks a client keeps, those that were used last, and asks for at once. */
  clientMarkedConversationsMax: 64,
  /**
   * Own messages of one group whose numbers a client keeps: routes tell by number how far members have
   * got. Of older ones it hears by pushes only.
   */
  clientMarkedMessagesMax: 64,
  /** Conversations in one page of the list. */
  conversationsPageMax: 100,
} as const;
