/** What all connections of a load need: to be opened some at a time, and then to be kept. */

/** As often as a client of the SDK that hears nothing. */
const heartbeatMs = 10_000;
const heartbeatSteps = 100;

/** Each connection's heartbeat, evenly spread as those of strangers are. */
export function keepAlive(connections: readonly { keepAlive(): void }[]): NodeJS.Timeout {
  let step = 0;
  return setInterval(() => {
    for (let index = step; index < connections.length; index += heartbeatSteps)
      connections[index]?.keepAlive();
    step = (step + 1) % heartbeatSteps;
  }, heartbeatMs / heartbeatSteps);
}

/** Works on so many at a time, of all from one number up to another; the first that fails ends it. */
export async function someAtATime(
  count: number,
  [from, to]: readonly [number, number],
  work: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = from;
  const one = async (): Promise<void> => {
    while (next < to) await work(next++);
  };
  await Promise.all(Array.from({ length: count }, one));
}
