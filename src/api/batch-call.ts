/**
 * The shape of every call between server and route: a batch of entries, each answered on its own,
 * in any order, exactly once. One closure serves a whole batch; a slow entry does not hold the
 * others. Batches are what has gathered: nobody waits to fill one.
 */
export type BatchCall<Entry, Result> = (
  entries: readonly Entry[],
  answer: (index: number, result: Result) => void,
) => void;

/** One entry, as a promise; for the calls that are not made per message. */
export function callOne<Entry, Result>(
  call: BatchCall<Entry, Result>,
  entry: Entry,
): Promise<Result> {
  return new Promise((resolve) => call([entry], (_index, result) => resolve(result)));
}

/** A call each of whose entries is answered by a function, on the spot. */
export function immediately<Entry, Result>(
  serve: (entry: Entry) => Result,
): BatchCall<Entry, Result> {
  return (entries, answer) => {
    for (let index = 0; index < entries.length; index++)
      answer(index, serve(entries[index] as Entry));
  };
}
