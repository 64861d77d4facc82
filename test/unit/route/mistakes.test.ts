// Goal: a mistake of cim itself while it serves one entry is told, answered for good, and touches no
// other entry. Method: a route over a store that makes mistakes about some of what it is given.
import { expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { routeMethods } from '../../../src/api/route-api.ts';
import { CimError, errorTable } from '../../../src/base/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Append } from '../../../src/store/timelines.ts';
import { amy, openMemoryStore, RouteHarness, submission } from '../../support/route-harness.ts';

const internal = Number(errorTable.internal.code);

/** Stumbles over bodies that hold this word. */
const stone = 'stone';

/** `internal` of a store: what is under its names is not what belongs there. */
const mistakes = [
  new TypeError('undefined is not a function'),
  new CimError('internal', 'WRONGTYPE'),
];

async function stumblingRoute(mistake = mistakes[0]): Promise<RouteHarness> {
  const store = await openMemoryStore();
  const { timelines, sessions } = store;
  const append: Store['timelines']['append'] = async (batch, answered) => {
    if (batch.some(holdsStone)) throw mistake;
    return timelines.append(batch, answered);
  };
  const stumbling = Object.create(store, {
    timelines: { value: Object.assign(Object.create(timelines), boundTo(timelines), { append }) },
    sessions: {
      value: Object.assign(Object.create(sessions), boundTo(sessions), {
        acknowledge: async (entries: Parameters<Store['sessions']['acknowledge']>[0]) => {
          if (entries.some(({ device }) => device === stone)) throw new TypeError('no such device');
          await sessions.acknowledge(entries);
        },
      }),
    },
    problem: { value: () => store.problem() },
    refusal: { value: () => store.refusal() },
    close: { value: () => store.close() },
  }) as Store;
  return RouteHarness.start({ store: stumbling });
}

function boundTo<T extends object>(target: T): Partial<T> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(target)) as (keyof T)[];
  const methods = names.flatMap((name) => {
    const value = name === 'constructor' ? undefined : target[name];
    return typeof value === 'function' ? [[name, value.bind(target)]] : [];
  });
  return Object.fromEntries(methods);
}

function holdsStone({ bodies }: Append): boolean {
  return Buffer.from(bodies).includes(stone);
}

function mistakesOf(route: RouteHarness): number | undefined {
  return route.core.counters.list().find(({ name }) => name === 'bugs')?.value;
}

test.each(mistakes)(
  'a message over which the store stumbles is refused for good, its number taken, the others stored (%s)',
  async (mistake) => {
    const route = await stumblingRoute(mistake);
    const answers = await route.submit(
      submission(1, 'before', 'lobby'),
      submission(2, stone, 'lobby'),
      submission(3, 'after', 'lobby'),
    );
    expect(answers.map(({ code }) => code)).toEqual([0, internal, 0]);
    expect(mistakesOf(route)).toBeGreaterThan(0);
    const [next] = await route.submit(submission(4, 'next', 'lobby'));
    expect(next).toMatchObject({ code: 0 });
  },
);

test('an acknowledgement over which it stumbles holds up no other', async () => {
  const route = await stumblingRoute();
  const entry = (device: string) => ({ userId: amy.userId, device, seq: 1, group: '', marks: [] });
  const answers = await new Promise<number[]>((resolve) => {
    const codes: number[] = [];
    let left = 2;
    route.core.api.acknowledge([entry(stone), entry('phone')], (index, { code }) => {
      codes[index] = code;
      left -= 1;
      if (left === 0) resolve(codes);
    });
  });
  expect(answers).toEqual([internal, 0]);
});

test('what a link leaves out, as it is 0, is 0', async () => {
  const seen: unknown[] = [];
  const store = await openMemoryStore();
  const { sessions } = store;
  const noting = Object.assign(Object.create(sessions), boundTo(sessions), {
    acknowledge: async (entries: readonly unknown[]) => void seen.push(...entries),
  });
  const route = await RouteHarness.start({
    store: Object.assign(Object.create(store), { ...store, sessions: noting }, boundTo(store)),
  });
  const { entry } = routeMethods.acknowledge;
  const sent = { userId: amy.userId, device: 'phone', seq: 0, group: '', marks: [] };
  await callOne(route.core.api.acknowledge, entry.decode(entry.encode(sent).finish()));
  expect(seen).toEqual([{ userId: amy.userId, device: 'phone', seq: 0 }]);
});
