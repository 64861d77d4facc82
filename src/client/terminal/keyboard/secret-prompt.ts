/**
 * Asks the person at the terminal for the secret of their account. The client is there before the
 * terminal is, and there may be no terminal at all. Until the terminal serves the prompt, nobody is
 * asked.
 */
import { CimError, type User } from '../../sdk/index.ts';
import { personText } from '../view/heads.ts';

/** `isWrong`: what the person told before did not fit. Undefined: they told nothing, and left. */
export type AskSecret = (isWrong: boolean) => Promise<string | undefined>;

export class SecretPrompt {
  readonly #asked = Promise.withResolvers<void>();
  #serve: AskSecret | undefined;
  #count = 0;
  #isDeclined = false;

  /** Resolves when a person is asked, who may take their time. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  serve(ask: AskSecret): void {
    this.#serve = ask;
  }

  /** Undefined: there is nobody to ask. Rejects with `not-allowed` once the person has declined. */
  readonly ask = async (): Promise<string | undefined> => {
    if (!this.#serve) return undefined;
    this.#asked.resolve();
    this.#count += 1;
    const told = this.#isDeclined ? undefined : await this.#serve(this.#count > 1);
    if (told !== undefined) return told;
    this.#isDeclined = true;
    throw new CimError('not-allowed', 'no secret given');
  };
}

/** What to tell whoever is asked. */
export function secretQuestion({ userId, userName }: User, isWrong: boolean): string {
  const who = personText(userId, userName);
  return isWrong
    ? `that is not the secret of ${who}; once more, or Ctrl-D:`
    : `${who} exists, and this device does not have the secret; type it (it is not shown):`;
}
