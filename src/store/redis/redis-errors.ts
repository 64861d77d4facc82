/** Errors of ioredis and of Redis become ours here, and nowhere else. */
import { types } from 'node:util';
import { ReplyError } from 'ioredis';
import { CimError } from '../../base/errors.ts';
import { describeTlsFailure } from '../../base/tls-failures.ts';

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
  const kind = isReply(error) && !passing.has(firstWord(error)) ? 'internal' : 'busy';
  return new CimError(kind, undefined, { cause: withoutCommand(error) });
}

export function isNoScript(error: unknown): boolean {
  return isReply(error) && firstWord(error) === 'NOSCRIPT';
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

/** In one line, for people. */
export function describeRedisError(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  // For a host of several addresses Node.js gives one error of many, without a message.
  if ('errors' in error && Array.isArray(error.errors)) return describeRedisError(error.errors[0]);
  const tlsFailure = describeTlsFailure(error, { ca: '--redis-ca' });
  if (tlsFailure) return tlsFailure;
  const cause = 'lastNodeError' in error && error.lastNodeError;
  return cause ? `${error.message} (${describeRedisError(cause)})` : error.message;
}
