/**
 * The settings that a role gets, as types computed from the table of options: `ServerSettings` has
 * a property for each option that servers have, and nobody else writes them down.
 */
import type { optional, RequiredUnless, Role, ValueType, ValueTypes } from './option.ts';
import type { OptionName, optionTable } from './options.ts';

type Table = typeof optionTable;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type Given<Entry> = Entry extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Entry extends { readonly type: infer Type extends ValueType }
    ? ValueTypes[Type]
    : never;

type Absent<Default> = Default extends
  | typeof optional
  | RequiredUnless
  | { readonly orElse: typeof optional }
  ? undefined
  : never;

/**
 * The settings of one role, named in camelCase. `config` is missing: it has done its work when
 * there are settings.
 */
export type SettingsOf<R extends Role> = {
  readonly [Name in Exclude<OptionName, 'config'> as R extends keyof Table[Name]['defaults']
    ? CamelCase<Name>
    : never]:
    | Given<Table[Name]>
    | (R extends keyof Table[Name]['defaults'] ? Absent<Table[Name]['defaults'][R]> : never);
};

export type ServerSettings = SettingsOf<'server'>;
export type RouteSettings = SettingsOf<'route'>;
export type DevSettings = SettingsOf<'dev'>;
export type ClientSettings = SettingsOf<'client'>;
export type SendSettings = SettingsOf<'send'>;
export type VerifySettings = SettingsOf<'verify'>;
export type BenchSettings = SettingsOf<'bench'>;
export type AdminSettings = SettingsOf<'admin'>;
export type DoctorSettings = SettingsOf<'doctor'>;
export type TraceSettings = SettingsOf<'trace'>;
export type TopSettings = SettingsOf<'top'>;

/** `http-port` → `httpPort`, as SettingsOf does it. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
