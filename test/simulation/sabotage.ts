/**
 * Stores that break a promise, each in one way: what the simulation must find out, or it would find
 * nothing else either.
 */
import { scanMessage } from '../../src/codec/message-scan.ts';
import { bodiesOf, runOf } from '../../src/codec/run.ts';
import type { Marks } from '../../src/store/marks.ts';
import type { Store } from '../../src/store/store.ts';
import {
  type Append,
  type Page,
  type Read,
  type Timelines,
  userTimeline,
} from '../../src/store/timelines.ts';

export type Sabotage = (store: Store) => Store;

export const sabotages: Readonly<Record<string, Sabotage>> = {
  'a store that stores again what is sent again': (store) => {
    let appends = 0;
    return withAppend(store, (append) => {
      appends += 1;
      return { ...append, source: `${append.source}~${appends}`, restart: true };
    });
  },

  'a store that answers and does not store': (store) => {
    let appends = 0;
    const { timelines } = store;
    return withTimelines(store, {
      append: async (batch) => {
        appends += batch.length;
        const results = await timelines.append(appends % 5 === 0 ? [] : batch);
        return batch.map(
          ({ count }, index) =>
            results[index] ?? {
              status: 'taken',
              duplicates: count,
              stored: 0,
              refused: 0,
              seq: 0,
              expected: 0,
              watchers: [],
            },
        );
      },
    });
  },

  'a store that turns runs round': (store) =>
    withAppend(store, (append) => ({
      ...append,
      ...(append.bodies.length === 0 ? {} : runOf(bodiesOf(append.bodies).toReversed())),
    })),

  'a store that leaves out a message of a page': (store) =>
    withTimelines(store, {
      read: async (read) => skipFirst(read, await store.timelines.read(read)),
    }),

  'a store that forgets edits, retractions and reactions of one user': (store) =>
    withTimelines(store, {
      readBack: async (timeline, ...asked) => {
        const messages = await store.timelines.readBack(timeline, ...asked);
        if (timeline !== userTimeline(1)) return messages;
        return messages.map((each) =>
          scanMessage(each.body).silent ? { ...each, body: new Uint8Array() } : each,
        );
      },
    }),

  'a store that removes nobody from a group': (store) => ({
    ...store,
    ...closing(store),
    groups: {
      ...bound(store.groups),
      change: async (name, by, change) =>
        change.kind === 'remove' ? 'changed' : store.groups.change(name, by, change),
    },
  }),

  'a store that starts new devices at the end': (store) => ({
    ...store,
    ...closing(store),
    sessions: {
      ...bound(store.sessions),
      open: async (batch) => {
        const results = await store.sessions.open(batch);
        return results.map((result) =>
          result.status === 'opened' ? { ...result, cursor: result.head } : result,
        );
      },
    },
  }),

  'a store that tells nobody': (store) => {
    const { timelines } = store;
    return {
      ...withTimelines(store, {
        append: async (batch) => {
          const results = await timelines.append(batch);
          return results.map((result) => ({ ...result, watchers: [] }));
        },
        // Nor afterwards.
        heads: async (names) => names.map(() => 0),
        addInterest: async (group, server) => {
          await timelines.addInterest(group, server);
          return { head: 0, version: 0 };
        },
      }),
      sessions: {
        ...bound(store.sessions),
        check: async (batch) => batch.map(() => ({ known: true, head: 0 })),
      },
    };
  },
};

/** What is told of how far others have got. */
export const markSabotages: Readonly<Record<string, Sabotage>> = {
  'a store that moves marks to what was not shown yet': (store) =>
    withMarks(store, {
      move: (batch) =>
        store.marks.move(batch.map((move) => ({ ...move, sendSeq: move.sendSeq + 1 }))),
    }),

  'a store that moves marks and tells nobody': (store) =>
    withMarks(store, {
      move: async (batch) => {
        const moved = await store.marks.move(batch);
        return moved.map((each) => ({ ...each, watchers: [], own: null }));
      },
      // Nor afterwards.
      versions: async (userIds) => userIds.map(() => 0),
    }),

  'a store that takes what was read for delivered': (store) =>
    withMarks(store, {
      move: (batch) => store.marks.move(batch.map((move) => ({ ...move, kind: 'delivered' }))),
    }),

  'a store that counts one message too many as unread': (store) => {
    const { conversations } = store;
    return {
      ...store,
      ...closing(store),
      conversations: {
        ...bound(conversations),
        list: async (userId) =>
          (await conversations.list(userId)).map((each) => ({ ...each, unread: each.unread + 1 })),
      },
    };
  },
};

/** What only full mailboxes bring to light. */
export const floodSabotages: Readonly<Record<string, Sabotage>> = {
  'a store that trims by count what is unread': (store) => {
    const { timelines } = store;
    const kept = 5;
    return withTimelines(store, {
      read: async (read) => {
        const [head = 0] = await timelines.heads([read.timeline]);
        const gone = head - kept;
        if (read.after >= gone) return timelines.read(read);
        const { timeline, limit } = read;
        const page = await timelines.read({ timeline, limit, after: gone });
        return { ...page, first: Math.max(page.first, gone + 1) };
      },
    });
  },

  'a store that stores what it refuses': (store) => {
    const { timelines } = store;
    return withTimelines(store, {
      append: async (batch) => {
        const results = await timelines.append(batch);
        const refused = batch.filter((_, index) => results[index]?.status === 'mailbox-full');
        await timelines.append(
          refused.map((append) => ({
            ...append,
            from: append.to,
            source: `${append.source}~`,
            restart: true,
          })),
        );
        return results;
      },
    });
  },
};

function withAppend(store: Store, change: (append: Append) => Append): Store {
  return withTimelines(store, { append: (batch) => store.timelines.append(batch.map(change)) });
}

function withMarks(store: Store, changes: Partial<Marks>): Store {
  return { ...store, ...closing(store), marks: { ...bound(store.marks), ...changes } };
}

function withTimelines(store: Store, changes: Partial<Timelines>): Store {
  return { ...store, ...closing(store), timelines: { ...bound(store.timelines), ...changes } };
}

function closing(store: Store): Pick<Store, 'problem' | 'refusal' | 'close'> {
  return {
    problem: () => store.problem(),
    refusal: () => store.refusal(),
    close: () => store.close(),
  };
}

/** An object's methods, free of it. */
function bound<T extends object>(object: T): T {
  const copy: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(object))) {
    const method = (object as Record<string, unknown>)[name];
    if (typeof method === 'function') copy[name] = method.bind(object);
  }
  return copy as T;
}

/** As if retention had taken it. */
function skipFirst({ after }: Read, page: Page): Page {
  const [first, ...rest] = page.messages;
  if (first?.seq !== after + 1) return page;
  return { ...page, messages: rest, first: after + 2 };
}
