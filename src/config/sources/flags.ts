/** Settings from the command line, which src/cli has split into flags. */
import { type Option, type Role, takesSeveral } from '../option.ts';
import { findOption, optionsOf } from '../options.ts';
import { didYouMean } from '../suggest.ts';
import type { Given, Problem, Reading } from './reading.ts';

/**
 * Flags by name, without dashes, with each value as it was typed. True stands for a flag without a
 * value, false for `--no-…`.
 */
export type FlagValues = Readonly<Record<string, readonly (string | boolean)[]>>;

export function readFlags(role: Role, flags: FlagValues): Reading {
  const options = new Map<string, Option>(optionsOf(role));
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const [flag, values] of Object.entries(flags)) {
    const [name] = findOption(flag) ?? [];
    const option = options.get(flag);
    const message =
      name && option ? checkForm(option, values) : unknownFlag(role, flag, [...options.keys()]);
    const where = dashed(flag);
    if (name && message === undefined)
      given.push({ name, text: values.join(','), source: 'flag', where });
    else problems.push({ where, source: 'flag', message: message ?? '' });
  }
  return { given, problems, warnings: [] };
}

/** What is wrong with how a flag is used, whatever its value. */
function checkForm(option: Option, values: FlagValues[string]): string | undefined {
  if (!takesSeveral(option) && values.length > 1) return 'is given more than once';
  if (option.type === 'boolean') return undefined;
  if (values.includes(false)) return 'is not a switch: it cannot be turned off with --no-';
  if (values.includes(true))
    return 'needs a value (one that begins with a dash is given with =, as in --name=-x)';
  return undefined;
}

function unknownFlag(role: Role, flag: string, known: readonly string[]): string {
  const others = Object.keys(findOption(flag)?.[1].defaults ?? {});
  if (others.length > 0) return `is not a flag of cim ${role}, but of cim ${others.join(', ')}`;
  return `is not a flag of cim ${role}${didYouMean(flag, known, '--')}`;
}

function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}
