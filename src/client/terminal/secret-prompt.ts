/**
 * Asking the person at the terminal for the secret of their account. The client that needs it is
 * there before the terminal is, and whether there is one at all: until somebody serves, nobody is
 * asked.
 */

import type { User } from '../sdk/index.ts';
import { personText } from './render.ts';

/** `isWrong`: what was told before was not it. Undefined: the person would rather not. */
export type AskSecret = (isWrong: boolean) => Promise<string | undefined>;

export class SecretPrompt {
  readonly #asked = Promise.withResolvers<void>();
  #serve: AskSecret | undefined;
  #count = 0;

  /** Resolves when a person is asked, who may take their time. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  serve(ask: AskSecret): void {
    this.#serve = ask;
  }

  readonly ask = async (): Promise<string | undefined> => {
    if (!this.#serve) return undefined;
    this.#asked.resolve();
    this.#count += 1;
    return this.#serve(this.#count > 1);
  };
}

/** What to tell whoever is asked. */
export function secretQuestion({ userId, userName }: User, isWrong: boolean): string {
  const who = personText(userId, userName);
  return isWrong
    ? `that is not the secret of ${who}; once more, or Ctrl-D:`
    : `${who} exists, and this device does not have the secret; type it (it is not shown):`;
}
