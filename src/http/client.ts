/**
 * Calls to HTTP ports of roles. undici keeps their connections, and lets go of them when nothing
 * else keeps the process alive.
 */
import { type Dispatcher, getGlobalDispatcher, request } from 'undici';
import { CimError, describeError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TlsDialling } from '../base/network/tls.ts';
import { describeTlsFailure } from '../base/network/tls-failures.ts';
import { decodeUtf8 } from '../base/text/utf8.ts';
import { openEnvelope } from './envelope.ts';
import { type RefusalOf, tlsAgent } from './tls-agent.ts';

export interface JsonRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** For all of it, until the last byte of the answer. */
  readonly timeoutMs: number;
}

/**
 * The answer's `dataBody`. Rejects with the CimError that the answer tells of, or `unavailable`,
 * naming the URL, when there is no such answer in time.
 */
export function requestJson(url: string, options: JsonRequest): Promise<unknown> {
  return call(url, options, getGlobalDispatcher());
}

/**
 * As requestJson; `tls` says how the certificates of `https://` are checked, `refusalOf` looks at
 * connections without.
 */
export function jsonRequester(tls: TlsDialling, refusalOf?: RefusalOf): typeof requestJson {
  const agent = tlsAgent(tls, refusalOf);
  return (url, options) => call(url, options, agent);
}

async function call(url: string, options: JsonRequest, via: Dispatcher): Promise<unknown> {
  // Without what a URL may hold of a password.
  const { origin, pathname } = new URL(url);
  const shown = `${origin}${pathname}`;
  return openEnvelope(await fetchJson(url, shown, options, via), shown);
}

async function fetchJson(
  url: string,
  shown: string,
  { method, headers = {}, body, timeoutMs }: JsonRequest,
  dispatcher: Dispatcher,
): Promise<unknown> {
  try {
    const answer = await request(url, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher,
    });
    return JSON.parse(await boundedText(answer.body));
  } catch (cause) {
    const tlsFailure = describeTlsFailure(cause);
    const message = `no answer from ${shown}: ${tlsFailure ?? describeError(cause)}`;
    // What OpenSSL says of it is for nobody to read.
    throw new CimError('unavailable', message, tlsFailure === undefined ? { cause } : {});
  }
}

/** Whoever answers may be anybody: more than any role answers is not kept. */
async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > limits.httpAnswerBytesMax)
      throw new Error(`the answer has more than ${limits.httpAnswerBytesMax} bytes`);
    chunks.push(chunk);
  }
  const text = decodeUtf8(Buffer.concat(chunks));
  if (text === undefined) throw new Error('its answer is not UTF-8');
  return text;
}
