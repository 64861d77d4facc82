/** The words of the page in its language. Another language than English is loaded when it is chosen. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { ignore } from '../../base/ignore.ts';
import { type Language, language } from '../model/settings.ts';
import { en, type Words } from './en.ts';

const loaders: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => en,
  zh: async () => (await import('./zh.ts')).zh,
};

const current = signal<Words>(en);
export const words: ReadonlySignal<Words> = current;

/** Resolves when the first language is there; follows the choice from then on. */
export async function followLanguage(): Promise<void> {
  current.value = await loaders[language.peek()]();
  effect(() => {
    const chosen = language.value;
    loaders[chosen]()
      .then((loaded) => {
        if (language.peek() === chosen) current.value = loaded;
      })
      .catch(ignore('offline, and never loaded: it stays as it is'));
  });
}
