/** What an option is made of. The options themselves are in options.ts. */

/** A command whose settings come from the table. */
export const roles = [
  'server',
  'route',
  'dev',
  'client',
  'send',
  'verify',
  'bench',
  'admin',
  'doctor',
  'trace',
  'top',
  'config',
] as const;
export type Role = (typeof roles)[number];

/** Where a value can come from, strongest first. What none of them gives is the default. */
export const sources = ['flag', 'env', 'file'] as const;
export type Source = (typeof sources)[number];

/** In place of a default: the role has to be given the value. */
export const required: unique symbol = Symbol('required');
/** In place of a default: the role works without, its setting is `undefined`. */
export const optional: unique symbol = Symbol('optional');
/** In place of a default: the role has to be given the value, or another option that tells it. */
export interface RequiredUnless {
  readonly requiredUnless: string;
}
/** The defaults of an option that all have who connect to a cluster, and work without. */
export const optionalWhereOneConnects = {
  server: optional,
  route: optional,
  client: optional,
  send: optional,
  verify: optional,
  bench: optional,
  admin: optional,
  doctor: optional,
  trace: optional,
  top: optional,
} as const;

/**
 * A default that depends on who runs cim: their own folder for cim's data or configuration, if they
 * have one.
 */
export interface UserFolder {
  readonly folder: 'data' | 'config';
  readonly orElse: typeof required | typeof optional;
}

/**
 * The types that a value can have, each with what it becomes in the program. Their syntax is in
 * value.ts.
 */
export interface ValueTypes {
  text: string;
  integer: number;
  decimal: number;
  port: number;
  boolean: boolean;
  choice: string;
  /** A host name or an IP address, in its canonical form and without brackets. */
  host: string;
  /** A host name or an IP address that others are to connect to. */
  address: string;
  /** `host[:port],…[/chroot]`, completed with ZooKeeper's port. */
  zookeeper: string;
  /** `host[:port]`, `redis://…`, `rediss://…`, `sentinel://…` or `sentinels://…`, as given. */
  redis: string;
  /** http(s) URLs without a slash at the end. */
  urls: readonly string[];
  /** One ws(s):// URL in its canonical form; without a path, of `/ws`. */
  'socket-url': string;
  path: string;
  /** IP addresses and networks, `10.0.0.0/8,::1`. */
  networks: readonly string[];
  /** Host names and addresses, `chat.example.org,fd00::1`, in lower case, without brackets. */
  hosts: readonly string[];
  /** What a key may do, `pub a/#,sub b/+`, as src/base/topics/topic-right.ts writes it. */
  rights: readonly string[];
  /** Origins of web pages, `https://chat.example.org`, as browsers write them. */
  origins: readonly string[];
}
export type ValueType = keyof ValueTypes;
export type Value = ValueTypes[ValueType];

interface TypeBounds {
  text: { readonly charactersMax: number };
  integer: { readonly min: number; readonly max: number };
  decimal: { readonly min: number; readonly max: number };
  choice: { readonly choices: readonly string[] };
}

type OptionOf<Type extends ValueType> = {
  readonly type: Type;
  /** The heading under which help and reference list it. */
  readonly topic: string;
  readonly description: string;
  /** How help names the value, as in `--port PORT`. */
  readonly placeholder?: string;
  /** The roles that have this option, with what holds where no source gives it. */
  readonly defaults: Readonly<
    Partial<
      Record<
        Role,
        | ValueTypes[Type]
        | typeof required
        | typeof optional
        | RequiredUnless
        | (Type extends 'path' ? UserFolder : never)
      >
    >
  >;
  /** Never printed or logged. */
  readonly secret?: true;
  /** The option whose value is in the file that this one names (secret-options.ts). */
  readonly fileOf?: string;
  /** The only sources that may give it; all of them if absent. */
  readonly sources?: readonly Source[];
} & (Type extends keyof TypeBounds ? TypeBounds[Type] : unknown);

export type Option = { [Type in ValueType]: OptionOf<Type> }[ValueType];

export type Default = Option['defaults'][Role];

/** The option that may be given instead of one that has to be. */
export function alternativeTo(value: Default | undefined): string | undefined {
  const isRequired = typeof value === 'object' && 'requiredUnless' in value;
  return isRequired ? value.requiredUnless : undefined;
}

/** Whether it may be given several times. */
export function takesSeveral({ type }: Option): boolean {
  return ['urls', 'networks', 'hosts', 'origins', 'rights'].includes(type);
}

/** `http-port` → `CIM_HTTP_PORT`. */
export function environmentName(name: string): string {
  return `CIM_${name.toUpperCase().replaceAll('-', '_')}`;
}
