/**
 * What is shown, as the address of the page says it (`#/u7`, `#/%23builds`): back and forward work, and a
 * link opens a conversation.
 */
import { computed, signal } from '@preact/signals';
import type { Target } from '../../client/sdk/index.ts';
import { keyOf, targetOf } from './target.ts';

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** The conversation that is open. */
export const place = computed<Target | undefined>(() => {
  const key = /^#\/(.+)$/.exec(hash.value)?.[1];
  try {
    return key === undefined ? undefined : targetOf(decodeURIComponent(key));
  } catch {
    return undefined;
  }
});

export function goTo(target: Target | undefined): void {
  const next = target ? addressOf(target) : '#/';
  if (location.hash !== next) history.pushState(null, '', next);
  hash.value = next;
}
addEventListener('popstate', () => {
  hash.value = location.hash;
});

/** What others can be given to open it. */
export function linkTo(target: Target): string {
  return `${location.origin}${location.pathname}${addressOf(target)}`;
}

function addressOf(target: Target): string {
  return `#/${encodeURIComponent(keyOf(target))}`;
}
