/** The settings with which a role runs, for operators: as texts, without secrets. */
import type { Role, Value } from './option.ts';
import { optionsOf } from './options.ts';
import { camelCase } from './settings.ts';
import { showValue } from './value.ts';

/** In the order of the table; those that nothing gives are not among them. */
export function shownSettings(
  role: Role,
  settings: object,
): readonly (readonly [name: string, value: string])[] {
  const values = settings as Readonly<Record<string, Value | undefined>>;
  return optionsOf(role).flatMap(([name, option]) => {
    const value = values[camelCase(name)];
    return option.fileOf !== undefined || value === undefined
      ? []
      : [[name, showValue(option, value)] as const];
  });
}
