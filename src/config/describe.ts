/** Options in words, for help and the reference page. */
import { type Option, optional, type Role, required } from './option.ts';
import type { OptionName } from './options.ts';
import { showValue } from './value.ts';

/** `--port PORT`; a switch is its name alone. */
export function flagForm(name: OptionName, option: Option): string {
  if (option.type === 'boolean') return `--${name}`;
  return `--${name} ${option.placeholder ?? name.split('-').at(-1)?.toUpperCase()}`;
}

/** What can be chosen, if there is a choice. */
export function choicesText(option: Option): string | undefined {
  return option.type === 'choice' && option.choices.length > 1
    ? option.choices.join(', ')
    : undefined;
}

/** What holds for the role without it; undefined if just nothing. */
export function defaultText(option: Option, role: Role): string | undefined {
  const value = option.defaults[role] ?? optional;
  if (value === required) return 'must be given';
  if (typeof value === 'object' && 'requiredUnless' in value)
    return `must be given, unless --${value.requiredUnless} is`;
  if (value === optional || value === false) return undefined;
  if (typeof value === 'object' && 'folder' in value)
    return `cim in the user's ${value.folder} folder`;
  return showValue(option, value);
}
