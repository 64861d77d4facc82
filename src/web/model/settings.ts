/** How the page looks and in which language it speaks: chosen here, or as the system says. */
import { computed, effect, signal } from '@preact/signals';
import { keptSignal } from './keep.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(darkSystem.matches);
darkSystem.addEventListener('change', ({ matches }) => {
  isSystemDark.value = matches;
});

export const theme = keptSignal<Theme>('theme', isOneOf(themes), 'system');
export const language = keptSignal<Language>('language', isOneOf(languages), ofBrowser());

const isDark = computed(() =>
  theme.value === 'system' ? isSystemDark.value : theme.value === 'dark',
);

/** Shows what is chosen, from now on. */
export function applySettings(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  });
}

function isOneOf<Value extends string>(values: readonly Value[]) {
  return (value: unknown): value is Value => values.some((each) => each === value);
}

function ofBrowser(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
