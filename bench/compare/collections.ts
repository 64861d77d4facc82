/** What the garbage collector of a system has done, of those that tell. */
import { requestJson } from '../../src/http/client.ts';
import type { LocalProcess } from '../../src/processes/local-process.ts';

export interface Collections {
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
  /** JavaScript objects when there was last one. */
  readonly heapBytes: number;
}

interface Counter {
  readonly name: string;
  readonly value: number;
}

/** `secret`: that of the cluster. */
export async function collectionsOfCim(route: string, secret: string): Promise<Collections> {
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await requestJson(`${route}/counters`, {
    method: 'GET',
    headers,
    timeoutMs: 5_000,
  });
  return collectionsIn(answer as readonly Counter[]);
}

/** Stops it: it tells when it ends. */
export async function collectionsOfRelay(relay: LocalProcess): Promise<Collections> {
  await relay.stop();
  const counters = /^counters (.*)$/m.exec(relay.stdout)?.[1] ?? '[]';
  return collectionsIn(JSON.parse(counters) as readonly Counter[]);
}

function collectionsIn(counters: readonly Counter[]): Collections {
  const read = (name: string): number => {
    const counter = counters.find((each) => each.name === name);
    if (!counter) throw new Error(`there is no counter ${name}`);
    return counter.value;
  };
  return {
    count: read('gc.count'),
    totalMs: read('gc.pause.total-us') / 1_000,
    longestMs: read('gc.pause.longest-us') / 1_000,
    heapBytes: read('gc.heap-bytes'),
  };
}
