/** How the page looks and in which language it speaks: chosen here, or as the system says. */
import { computed, effect, signal } from '@preact/signals';
import { isText, keep, kept } from './keep.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(darkSystem.matches);
darkSystem.addEventListener('change', ({ matches }) => {
  isSystemDark.value = matches;
});

export const theme = signal<Theme>(oneOf(themes, kept('theme', isText)) ?? 'system');
export const language = signal<Language>(oneOf(languages, kept('language', isText)) ?? ofBrowser());

const isDark = computed(() =>
  theme.value === 'system' ? isSystemDark.value : theme.value === 'dark',
);

/** Shows and keeps what is chosen, from now on. */
export function applySettings(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
    keep('theme', theme.value);
  });
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
    keep('language', language.value);
  });
}

function oneOf<Value extends string>(
  values: readonly Value[],
  value: string | undefined,
): Value | undefined {
  return values.find((each) => each === value);
}

function ofBrowser(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
