/** The native client of ZooKeeper, of the package `zookeeper`: how it is loaded, and what of it is used. */
import type { EventEmitter } from 'node:events';
import { CimError, describeError } from '../../base/errors.ts';

/**
 * Loads the native client. The executable has it inside, and needs a file that can be written and
 * run; what npm installed has it beside itself, or not at all. Rejects with `bad-config` where it
 * cannot be loaded: no later attempt would do better.
 */
export async function loadNativeClient() {
  try {
    const { default: Library } = await import('zookeeper');
    return Library;
  } catch (error) {
    if (error instanceof CimError) throw error;
    const [problem] = describeError(error).split('\n');
    throw new CimError(
      'bad-config',
      `ZooKeeper's client, the npm package zookeeper, cannot be loaded; npm install zookeeper, or use the executable: ${problem}`,
    );
  }
}

// The package's own type declarations are partly wrong (ids are strings) and partly `any`; this is
// what is used of it.
export interface NativeClient extends EventEmitter {
  readonly state: number;
  readonly client_id: string;
  readonly client_password: string;
  init(options: object): void;
  close(): void;
  a_create(path: string, data: Buffer, flags: number, done: Completion<[]>): number;
  a_exists(path: string, watch: boolean, done: Completion<[NativeStat]>): number;
  a_get(path: string, watch: boolean, done: Completion<[NativeStat, Buffer | null]>): number;
  a_get_children(path: string, watch: boolean, done: Completion<[string[]]>): number;
  a_set(path: string, data: Buffer, version: number, done: Completion<[]>): number;
  a_get_acl(path: string, done: Completion<[NativeAcl[]]>): number;
  a_set_acl(path: string, version: number, acl: NativeAcl[], done: Completion<[]>): number;
  add_auth(scheme: string, auth: string, done: Completion<[]>): number;
  a_delete_(path: string, version: number, done: Completion<[]>): number;
  on(event: 'close', listener: (client: unknown, code: number) => void): this;
  on(event: string, listener: (client: unknown, path: string) => void): this;
}

export type Completion<R extends unknown[]> = (
  code: number,
  message: string,
  ...results: R
) => void;

export interface NativeStat {
  readonly ephemeralOwner: string;
  readonly czxid: number;
  readonly version: number;
  /** How often its ACL was changed. */
  readonly aversion: number;
  readonly numChildren: number;
}

export interface NativeAcl {
  readonly perms: number;
  readonly scheme: string;
  readonly auth: string;
}

// zookeeper.h
export const states = { connecting: 1, associating: 2 };
export const codes = {
  ok: 0,
  connectionLoss: -4,
  operationTimeout: -7,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
  sessionExpired: -112,
  authFailed: -115,
  closing: -116,
};
