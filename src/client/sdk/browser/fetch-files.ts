/**
 * Pieces of files to routes, and from them. They go up by XMLHttpRequest, which tells how much has
 * left, and come down by fetch, as a stream.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { CimError } from '../../../base/errors.ts';
import { openEnvelope } from '../../../http/envelope.ts';
import type { FileTransport, GetRequest, IncomingBytes, PutRequest } from '../platform.ts';
import { fetchOptions, jsonOf, noAnswer, shownUrl } from './fetch-http.ts';

/** WebCrypto hashes only what is there as a whole. */
export const fetchFiles: FileTransport = { put, get, sha256: () => sha256.create() };

async function put(url: string, request: PutRequest): Promise<unknown> {
  const { headers, body, onSent, signal } = request;
  const shown = shownUrl(url);
  const silence = new Silence(request);
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open('PUT', url);
      for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
      call.setRequestHeader('content-type', 'application/octet-stream');
      call.upload.addEventListener('progress', ({ loaded }) => {
        silence.broken();
        onSent(loaded);
      });
      call.addEventListener('progress', () => silence.broken());
      call.addEventListener('load', () => resolve(call.responseText));
      call.addEventListener('error', () => reject(new Error('the connection failed')));
      silence.signal.addEventListener('abort', () => {
        call.abort();
        reject(silence.signal.reason);
      });
      silence.signal.throwIfAborted();
      call.send(body as Uint8Array<ArrayBuffer>);
    });
    return openEnvelope(JSON.parse(text), shown);
  } catch (error) {
    throw asFailure(error, shown, signal);
  } finally {
    silence.pause();
  }
}

async function get(url: string, request: GetRequest): Promise<IncomingBytes> {
  const { headers, signal } = request;
  const shown = shownUrl(url);
  const silence = new Silence(request);
  try {
    const answer = await fetch(url, { ...fetchOptions, headers, signal: silence.signal });
    if ((answer.status !== 200 && answer.status !== 206) || !answer.body) {
      openEnvelope(await jsonOf(answer), shown);
      throw new CimError('unavailable', `what answers at ${shown} is not cim`);
    }
    silence.pause();
    const stream = bytesOf(answer.body, silence, shown, signal);
    return { ...placeOf(answer), stream };
  } catch (error) {
    silence.pause();
    throw asFailure(error, shown, signal);
  }
}

/** `bytes 5-9/10`, or all of it. */
function placeOf({ status, headers }: Response): Pick<IncomingBytes, 'first' | 'total'> {
  if (status === 200) return { first: 0, total: Number(headers.get('content-length')) };
  const range = /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16})$/.exec(headers.get('content-range') ?? '');
  if (!range) throw new Error('its answer is no range');
  return { first: Number(range[1]), total: Number(range[2]) };
}

async function* bytesOf(
  body: ReadableStream<Uint8Array>,
  silence: Silence,
  shown: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  try {
    for (;;) {
      silence.broken();
      const next = await reader.read();
      // Whoever takes it may take their time.
      silence.pause();
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw asFailure(error, shown, signal);
  } finally {
    silence.end();
  }
}

/** Ends a request in which nothing moves. */
class Silence {
  readonly #quietMsMax: number;
  readonly #controller = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ quietMsMax, signal }: GetRequest) {
    this.#quietMsMax = quietMsMax;
    this.signal = AbortSignal.any([signal, this.#controller.signal]);
    this.broken();
  }

  /** Something has moved. */
  broken(): void {
    this.pause();
    const reason = new Error(`silent for ${this.#quietMsMax / 1_000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#quietMsMax);
  }

  /** Nothing is waited for. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** The request is over, whether all of it has come or not. */
  end(): void {
    this.pause();
    this.#controller.abort(new Error('nobody reads on'));
  }
}

function asFailure(error: unknown, shown: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return error instanceof CimError ? error : noAnswer(shown, error);
}
