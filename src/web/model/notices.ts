/** Short words to the user about what has just happened: shown for a while, and gone. */
import { signal } from '@preact/signals';
import { CimError } from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';

export interface Notice {
  readonly key: number;
  readonly text: string;
  readonly kind: 'info' | 'problem';
}

const shownMs = 6_000;
const noticesMax = 3;

export const notices = signal<readonly Notice[]>([]);
let keys = 0;

export function notify(text: string, kind: Notice['kind'] = 'info'): void {
  keys += 1;
  const key = keys;
  notices.value = [...notices.peek(), { key, text, kind }].slice(-noticesMax);
  setTimeout(() => dismiss(key), shownMs);
}

export function dismiss(key: number): void {
  notices.value = notices.peek().filter((each) => each.key !== key);
}

/** Does it, and tells the user if that was refused. */
export async function attempt<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    notify(reasonOf(error), 'problem');
    return undefined;
  }
}

/** In words, in the language of the page where it has them. */
export function reasonOf(error: unknown): string {
  const { errors } = words.peek();
  if (!(error instanceof CimError)) return errors.internal;
  return (errors as Readonly<Record<string, string>>)[error.kind] ?? error.message;
}
