/** A store whose calls are timed: those that messages and logins wait for, each as a whole batch. */
import type { Counters } from '../base/process/counters.ts';
import { type Histogram, latencyBounds } from '../base/process/histogram.ts';
import type { Store } from '../store/store.ts';

export function measuredStore(store: Store, counters: Counters): Store {
  const timed = (call: string) =>
    counters.histogram(
      'store.duration-seconds',
      'how long calls of the store take, each for a batch, by call',
      latencyBounds,
      { call },
    );
  const parts = {
    timelines: measured(store.timelines, {
      append: timed('append'),
      read: timed('read'),
      readBack: timed('read-back'),
    }),
    sessions: measured(store.sessions, {
      open: timed('open'),
      check: timed('check'),
      acknowledge: timed('acknowledge'),
    }),
    marks: measured(store.marks, { move: timed('marks') }),
  };
  return new Proxy({} as Store, {
    get: (_, name) =>
      Object.hasOwn(parts, name) ? parts[name as keyof typeof parts] : boundTo(store, name),
  });
}

/** Calls are those of `part`, which has fields that only it can read. */
function measured<Part extends object>(
  part: Part,
  times: { readonly [Name in keyof Part]?: Histogram },
): Part {
  const calls = new Map<PropertyKey, Call>();
  return new Proxy({} as Part, {
    get(_, name) {
      const value: unknown = Reflect.get(part, name, part);
      if (typeof value !== 'function') return value;
      const known = calls.get(name);
      if (known) return known;
      const call = callOf(part, name, times[name as keyof Part]);
      calls.set(name, call);
      return call;
    },
  });
}

type Call = (...args: readonly unknown[]) => unknown;

function callOf(part: object, name: PropertyKey, histogram: Histogram | undefined): Call {
  const call: Call = (...args) => (Reflect.get(part, name, part) as Call).apply(part, [...args]);
  if (!histogram) return call;
  return async (...args) => {
    const started = performance.now();
    try {
      return await call(...args);
    } finally {
      histogram.observe((performance.now() - started) / 1_000);
    }
  };
}

function boundTo(target: object, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
