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
  return new Proxy(store, {
    get: (_, name) =>
      Object.hasOwn(parts, name) ? parts[name as keyof typeof parts] : boundTo(store, name),
  });
}

/** Methods stay those of `part`, which has fields that only it can read. */
function measured<Part extends object>(
  part: Part,
  times: { readonly [Name in keyof Part]?: Histogram },
): Part {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(part, {
    get(_, name) {
      const known = methods.get(name);
      if (known) return known;
      const value = boundTo(part, name);
      if (typeof value !== 'function') return value;
      const histogram = times[name as keyof Part];
      const method = histogram ? timing(value as Method, histogram) : value;
      methods.set(name, method);
      return method;
    },
  });
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

function timing(method: Method, histogram: Histogram): Method {
  return async (...args) => {
    const started = performance.now();
    try {
      return await method(...args);
    } finally {
      histogram.observe((performance.now() - started) / 1_000);
    }
  };
}

function boundTo(target: object, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
