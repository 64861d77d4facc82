/** Calls to routes by fetch: what browsers and Node.js have in common. */
import { CimError, describeError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import { openEnvelope } from '../../../http/envelope.ts';
import type { HttpRequest, HttpTransport } from '../platform.ts';

export const fetchHttp: HttpTransport = { request };

async function request(url: string, given: HttpRequest): Promise<unknown> {
  const shown = shownUrl(url);
  let answer: unknown;
  try {
    answer = await jsonOf(await fetch(url, requestOf(given)));
  } catch (error) {
    throw noAnswer(shown, error);
  }
  return openEnvelope(answer, shown);
}

function requestOf({ method, headers, body, timeoutMs }: HttpRequest): RequestInit {
  return {
    ...fetchOptions,
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  };
}

/** Nothing of the page is told but its origin, nothing is kept, and nobody sends us elsewhere. */
export const fetchOptions = {
  cache: 'no-store',
  credentials: 'omit',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
} as const satisfies RequestInit;

/** Whoever answers may be anybody: more than any role answers is not kept. */
export async function jsonOf({ body }: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Not every browser iterates over a stream.
  const reader = body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    chunks.push(next.value);
    bytes += next.value.length;
    if (bytes <= limits.httpAnswerBytesMax) continue;
    await reader?.cancel();
    throw new Error(`the answer has more than ${limits.httpAnswerBytesMax} bytes`);
  }
  const text = decodeUtf8(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()));
  if (text === undefined) throw new Error('its answer is not UTF-8');
  return JSON.parse(text);
}

/** Without what a URL may hold of a password. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Browsers do not say why: no network, no such host, or another origin that is not let in. */
export function noAnswer(shown: string, cause: unknown): CimError {
  return new CimError('unavailable', `no answer from ${shown}: ${describeError(cause)}`, { cause });
}
