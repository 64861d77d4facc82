/**
 * What this browser keeps of the page itself: which account, how it looks, drafts. Not the secret, nor
 * what the SDK keeps. A browser may refuse to keep anything; then it is forgotten with the page.
 */
import { type Signal, signal } from '@preact/signals';

const prefix = 'cim.';

/** Undefined: nothing is kept, or what is there is not as `isValid` says. */
export function kept<Value>(
  name: string,
  isValid: (value: unknown) => value is Value,
): Value | undefined {
  return inStorage((storage) => {
    const text = storage.getItem(prefix + name);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return isValid(value) ? value : undefined;
  });
}

export function keep(name: string, value: unknown): void {
  inStorage((storage) => {
    if (value === undefined) storage.removeItem(prefix + name);
    else storage.setItem(prefix + name, JSON.stringify(value));
  });
}

/** What is kept under this name, here and in all other tabs; `absent` where nothing is, which is not kept. */
export function keptSignal<Value>(
  name: string,
  isValid: (value: unknown) => value is Value,
  absent: Value,
): Signal<Value> {
  const own = signal(kept(name, isValid) ?? absent);
  own.subscribe((value) => keep(name, value === absent ? undefined : value));
  whenKeptElsewhere(name, () => {
    own.value = kept(name, isValid) ?? absent;
  });
  return own;
}

/** Another tab has changed it. */
export function whenKeptElsewhere(name: string, act: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === prefix + name || key === null) act();
  });
}

/** All of one account: nothing of it is left. */
export function forget(start: string): void {
  inStorage((storage) => {
    for (const name of Object.keys(storage))
      if (name.startsWith(prefix + start)) storage.removeItem(name);
  });
}

/** Undefined: it is full, forbidden, or holds what is none of ours. */
function inStorage<Result>(act: (storage: Storage) => Result): Result | undefined {
  try {
    return act(localStorage);
  } catch {
    return undefined;
  }
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
