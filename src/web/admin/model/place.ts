/** What is shown, as the address of the page says it: `#/people/7`. */
import { computed, signal } from '@preact/signals';

export const sections = ['cluster', 'people', 'groups', 'trace', 'keys', 'audit'] as const;
export type Section = (typeof sections)[number];

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

const parts = computed(() => hash.value.replace(/^#\//, '').split('/').map(decoded));

export const section = computed<Section>(
  () => sections.find((each) => each === parts.value[0]) ?? 'cluster',
);

/** Of the section: a number of a person, a name of a group, an id of a message. */
export const chosen = computed<string | undefined>(() => parts.value[1] || undefined);

export function addressOf(section: Section, chosen?: string | number): string {
  const rest = chosen === undefined ? '' : `/${encodeURIComponent(chosen)}`;
  return `#/${section}${rest}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
