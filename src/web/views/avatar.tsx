/** A person or a group as a coloured disc: the colour is that of the id, so it is everywhere the same. */
import type { Target } from '../../client/sdk/index.ts';
import { Icon } from './icons.tsx';

const hues = 12;

export function Avatar({
  target,
  name,
  online = false,
}: {
  readonly target: Target;
  readonly name: string;
  readonly online?: boolean;
}) {
  return (
    <span class={`avatar hue-${hueOf(target)}`} aria-hidden="true">
      {'group' in target ? <Icon name="group" /> : initialsOf(name)}
      {online && <span class="presence" />}
    </span>
  );
}

export function hueOf(target: Target): number {
  if ('to' in target) return (target.to * 7) % hues;
  let sum = 0;
  for (const character of target.group) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % hues;
}

function initialsOf(name: string): string {
  const letters = name
    .split(/\s+/u)
    .slice(0, 2)
    .map((word) => [...word].find((each) => /[\p{L}\p{N}]/u.test(each)) ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}
