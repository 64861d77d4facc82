/** Errors of ioredis and of Redis become ours here, and nowhere else. */
import { types } from 'node:util';
import { ReplyError } from 'ioredis';
import { CimError } from '../../../base/errors.ts';
import { describeTlsFailure } from '../../../base/network/tls-failures.ts';

/**
 * First words of error replies after which the very same call may succeed: Redis is starting, failing over, moving a slot, full, or
 * its administrator is about to change something. Any other reply is a fault of ours, or somebody else's data under our keys.
 */
const passing = new Set([
  'ASK',
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'NOSCRIPT',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNKILLABLE',
  'WRONGPASS',
]);

/** `busy`, which says that nothing is known of what was asked, or `internal`. */
export function toCimError(error: unknown): CimError {
  if (error instanceof CimError) return error;
  const code = codeOf(error);
  const kind = code !== undefined && !passing.has(code) ? 'internal' : 'busy';
  return new CimError(kind, undefined, { cause: withoutCommand(error) });
}

export function isNoScript(error: unknown): boolean {
  return codeOf(error) === 'NOSCRIPT';
}

export const ofReplica =
  'it is a replica, which takes no writes: --redis has to lead to the master';

/**
 * Why the connection on which a call met this is to be made anew; undefined: it is not. Whoever is
 * the master now is found so, also behind an address that stays. And who has forgotten the scripts is
 * told them: a call that is sent again would come after those behind it.
 */
export function reasonToReconnect(error: unknown): string | undefined {
  const reasons: Readonly<Record<string, string>> = {
    READONLY: ofReplica,
    NOSCRIPT: 'it has forgotten the scripts of cim',
  };
  return reasons[codeOf(error) ?? ''];
}

/** What NOPERM is called within a script: by Redis 7.0, and by later ones. */
const ofRights = /^ERR (The user executing the script can't|ACL failure in script)\b/;

/** The first word of an error reply; undefined for what is none. */
export function codeOf(error: unknown): string | undefined {
  if (!isReply(error)) return undefined;
  return ofRights.test(error.message) ? 'NOPERM' : firstWord(error);
}

function isReply(error: unknown): error is Error {
  return error instanceof ReplyError;
}

function firstWord(error: Error): string {
  return error.message.split(' ', 1)[0] ?? '';
}

/** ioredis hangs the whole command on an error: the bodies of messages, or a password. */
function withoutCommand(error: unknown): unknown {
  if (types.isNativeError(error) && 'command' in error) delete error.command;
  return error;
}

/** In one line, for a log: it may name hosts. */
export function describeRedisError(error: unknown): string {
  return describe(error, { ca: '--redis-ca' });
}

/**
 * In one line, for whoever asks whether the store works: without the addresses of Redis, which is
 * called by one of `hosts`.
 */
export function describeForStrangers(error: unknown, hosts: readonly string[]): string {
  const text = describe(error, { ca: '--redis-ca', hidesNames: true });
  const unnamed = hosts.reduce((left, host) => left.replaceAll(host, hidden), text);
  // As Node.js and Redis write them, also in the middle of what else they say.
  return unnamed.replace(/[^\s'"(]*:\d+\b/g, hidden).replace(/(ENOTFOUND|EAI_AGAIN) \S+/g, '$1');
}

const hidden = '…';

function describe(error: unknown, remedies: Parameters<typeof describeTlsFailure>[1]): string {
  if (!types.isNativeError(error)) return String(error);
  // For a host of several addresses Node.js gives one error of many, without a message.
  if ('errors' in error && Array.isArray(error.errors)) return describe(error.errors[0], remedies);
  const tlsFailure = describeTlsFailure(error, remedies);
  if (tlsFailure) return tlsFailure;
  const cause = 'lastNodeError' in error && error.lastNodeError;
  return cause ? `${error.message} (${describe(cause, remedies)})` : error.message;
}
