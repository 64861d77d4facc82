/**
 * What this browser keeps of the page itself: which account, how it looks, drafts. Not the secret, nor
 * what the SDK keeps. A browser may refuse to keep anything; then it is forgotten with the page.
 */

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
