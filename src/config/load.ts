/**
 * From the sources to the settings of a role: the strongest source wins (flag, env, file, default),
 * every text is checked, and all that is wrong is said at once.
 */
import { CimError } from '../base/errors.ts';
import {
  environmentName,
  type Option,
  optional,
  type Role,
  required,
  sources,
  type UserFolder,
  type Value,
} from './option.ts';
import { exclusivePairs, type OptionName, optionsOf } from './options.ts';
import { readSecretFiles } from './secret-files.ts';
import { camelCase, type SettingsOf } from './settings.ts';
import { type Environment, readEnvironment } from './sources/env.ts';
import { readSettingsFile } from './sources/file.ts';
import { type FlagValues, readFlags } from './sources/flags.ts';
import type { Given, Problem, Reading } from './sources/reading.ts';
import { expectation, parseValue, showText } from './value.ts';

export interface SettingSources {
  readonly flags: FlagValues;
  readonly env: Environment;
}

/** One setting with where it came from: a flag, a variable, a key of a file, or `default`. */
export interface Setting {
  readonly name: OptionName;
  readonly option: Option;
  /** Undefined if nothing gives it: then the role works without, or there is a problem. */
  readonly value: Value | undefined;
  readonly from: string;
}

export interface Inspection {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
  /** What a role must be given and was not. */
  readonly missing: readonly OptionName[];
  readonly warnings: readonly string[];
}

/**
 * The settings that a role starts with.
 * @throws CimError `usage` if only flags are wrong or missing, else `bad-config`; its message has a line for each problem.
 */
export async function loadSettings<R extends Role>(
  role: R,
  from: SettingSources,
): Promise<{ settings: SettingsOf<R>; warnings: readonly string[] }> {
  const { settings, problems, missing, warnings } = await inspectSettings(role, from);
  const lines = [...problems.map(formatProblem), ...missing.map(formatMissing)];
  if (lines.length > 0) {
    throw new CimError(
      problems.every(({ source }) => source === 'flag') ? 'usage' : 'bad-config',
      lines.join('\n'),
    );
  }
  const values = settings
    .filter(({ name, option }) => name !== 'config' && option.fileOf === undefined)
    .map(({ name, value }) => [camelCase(name), value]);
  // The mapped type says of the table what this line does with it.
  return { settings: Object.fromEntries(values) as SettingsOf<R>, warnings };
}

/** All that can be said about the settings of a role, right or wrong. */
export async function inspectSettings(role: Role, from: SettingSources): Promise<Inspection> {
  const readings = [readFlags(role, from.flags), readEnvironment(role, from.env)];
  const file = strongest(readings).get('config');
  if (file) readings.push(await readSettingsFile(role, file.text, file.where));

  const given = strongest(readings);
  const problems = [
    ...readings.flatMap((reading) => reading.problems),
    ...(await readSecretFiles(given, optionsOf(role))),
    ...settleExclusives(given),
  ];
  const settings: Setting[] = [];
  const missing: OptionName[] = [];
  for (const [name, option] of optionsOf(role)) {
    const found = given.get(name);
    const fallback = found ? undefined : await defaultOf(role, option, given);
    const value = found ? parseValue(option, found.text) : fallback;
    if (found && value === undefined) problems.push(wrongValue(option, found));
    if (value === required) missing.push(name);
    settings.push({
      name,
      option,
      value: typeof value === 'symbol' ? undefined : value,
      from: found?.where ?? 'default',
    });
  }
  return { settings, problems, missing, warnings: readings.flatMap((reading) => reading.warnings) };
}

export function formatProblem({ where, message }: Problem): string {
  return `${where}: ${message}`;
}

function formatMissing(name: OptionName): string {
  return `--${name}: must be given, here or as ${environmentName(name)}`;
}

/** The readings come strongest first. */
function strongest(readings: readonly Reading[]): Map<OptionName, Given> {
  const found = new Map<OptionName, Given>();
  for (const given of readings.flatMap((reading) => reading.given)) {
    if (!found.has(given.name)) found.set(given.name, given);
  }
  return found;
}

/** Takes the weaker of two options that contradict each other away. */
function settleExclusives(given: Map<OptionName, Given>): Problem[] {
  const problems: Problem[] = [];
  for (const pair of exclusivePairs) {
    const [one, other] = pair.map((name) => given.get(name));
    if (!one || !other) continue;
    const strength = sources.indexOf(one.source) - sources.indexOf(other.source);
    if (strength === 0)
      problems.push({ ...one, message: `cannot be used together with ${other.where}` });
    else given.delete(strength < 0 ? other.name : one.name);
  }
  return problems;
}

function wrongValue(option: Option, { where, source, text }: Given): Problem {
  return {
    where,
    source,
    message: `must be ${expectation(option)}, got ${showText(option, text)}`,
  };
}

async function defaultOf(
  role: Role,
  option: Option,
  given: ReadonlyMap<string, Given>,
): Promise<Value | typeof optional | typeof required> {
  const value = option.defaults[role] ?? optional;
  if (typeof value === 'object' && 'requiredUnless' in value)
    return given.has(value.requiredUnless) ? optional : required;
  if (typeof value === 'object' && 'folder' in value)
    return (await userFolder(value)) ?? value.orElse;
  return value;
}

async function userFolder({ folder }: UserFolder): Promise<string | undefined> {
  try {
    // Not imported above: it asks for the home folder when loaded, and not every user has one.
    const { default: envPaths } = await import('env-paths');
    return envPaths('cim', { suffix: '' })[folder];
  } catch {
    // No home folder: the role decides whether it can do without.
    return undefined;
  }
}
