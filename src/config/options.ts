/**
 * Every option of cim, once; by topic in options/. Flags, environment variables, file keys, defaults,
 * checks, help, shell completion and docs/reference/settings.md all come from here; so do the types of
 * settings (settings.ts).
 */
import type { Option, Role } from './option.ts';
import { accountOptions } from './options/account.ts';
import { clusterOptions } from './options/cluster.ts';
import { filesOptions } from './options/files.ts';
import { limitsOptions } from './options/limits.ts';
import { listeningOptions } from './options/listening.ts';
import { outputOptions } from './options/output.ts';
import { runOptions } from './options/run.ts';
import { storageOptions } from './options/storage.ts';
import { tlsOptions } from './options/tls.ts';
import { usersOptions } from './options/users.ts';
import { withSecretFile } from './secret-options.ts';

export const optionTable = {
  ...listeningOptions,
  ...accountOptions,
  ...clusterOptions,
  ...usersOptions,
  ...tlsOptions,
  ...limitsOptions,
  ...storageOptions,
  ...filesOptions,
  ...runOptions,
  ...outputOptions,
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof optionTable;

/**
 * Pairs that contradict each other: the one from the stronger source holds, and both from the same
 * source are an error.
 */
export const exclusivePairs: readonly (readonly [OptionName, OptionName])[] = [
  ['route', 'zk'],
  ['to', 'group'],
  ['jwt-secret', 'jwt-keys'],
  ['files-folder', 's3-url'],
];

/** The options in the order of the table, each secret with its file. */
export const optionEntries = (
  Object.entries(optionTable) as readonly (readonly [OptionName, Option])[]
).flatMap(withSecretFile);

/** The options of one role, in the order of the table. */
export function optionsOf(role: Role): readonly (readonly [OptionName, Option])[] {
  return optionEntries.filter(([, option]) => role in option.defaults);
}

export function findOption(name: string): readonly [OptionName, Option] | undefined {
  return optionEntries.find(([candidate]) => candidate === name);
}
