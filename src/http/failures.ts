/**
 * Whatever goes wrong on the way to a handler, or in it, as a CimError; and the same below HTTP,
 * where only bytes are left to answer with.
 */
import { STATUS_CODES } from 'node:http';
import { CimError, type ErrorName } from '../base/errors.ts';
import { errorEnvelope } from './envelope.ts';

const explanations: Readonly<Record<string, readonly [ErrorName, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'wrong-media-type',
    'the header Content-Type must be application/json',
  ],
  FST_ERR_BAD_URL: ['invalid-argument', 'the path is not well-formed'],
};

/** Undefined for what no caller can cause: a bug, or a failure that nobody foresaw. */
export function asCimError(error: unknown): CimError | undefined {
  if (error instanceof CimError) return error;
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number };
  const explanation = explanations[code];
  if (explanation) return new CimError(...explanation, { cause: error });
  if (statusCode >= 400 && statusCode < 500) {
    return new CimError('invalid-argument', (error as Error).message, { cause: error });
  }
  return undefined;
}

/** What Node.js calls a request that has not come in time. */
export const lateRequest = 'ERR_HTTP_REQUEST_TIMEOUT';

const statusByParserError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  [lateRequest]: 408,
};

/** What answers bytes that are no HTTP request; the connection is to be ended behind it. */
export function refusalOf({ code = '' }: Error & { code?: string }): string {
  const status = statusByParserError[code] ?? 400;
  const meaning = STATUS_CODES[status] ?? '';
  const body = JSON.stringify(errorEnvelope(new CimError('invalid-argument', meaning)));
  return (
    `HTTP/1.1 ${status} ${meaning}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
