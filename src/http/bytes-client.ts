/**
 * Pieces of files to routes, and from them: of any length, so that only silence ends them. Connections
 * are undici's, as in client.ts.
 */
import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { type Clock, systemClock, type Timer } from '../base/clock.ts';
import { CimError, describeError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TlsDialling } from '../base/network/tls.ts';
import { describeTlsFailure } from '../base/network/tls-failures.ts';
import { decodeUtf8 } from '../base/text/utf8.ts';
import { openEnvelope } from './envelope.ts';
import { type RefusalOf, tlsAgent } from './tls-agent.ts';

export interface BytesRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** It is `unavailable` when for so long nothing moves. */
  readonly quietMsMax: number;
  readonly signal: AbortSignal;
}

export interface BytesUpload extends BytesRequest {
  readonly body: Uint8Array;
  /** Told how many of them have left so far. */
  readonly onSent: (bytes: number) => void;
}

/** What the answer to a GET has. */
export interface BytesAnswer {
  /** Where in the whole they begin. */
  readonly first: number;
  readonly total: number;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** What is given to a socket at a time: progress is told in these. */
const sliceBytes = 64 * 1024;

export class BytesClient {
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor(tls: TlsDialling, refusalOf?: RefusalOf, clock = systemClock) {
    this.#dispatcher = tlsAgent(tls, refusalOf);
    this.#clock = clock;
  }

  /** The answer's dataBody. Rejects with the CimError that it tells of, `unavailable`, or the reason of `signal`. */
  async put(url: string, { body, onSent, ...options }: BytesUpload): Promise<unknown> {
    const shown = shownUrl(url);
    const silence = new Silence(options, this.#clock);
    try {
      const answer = await request(url, {
        method: 'PUT',
        headers: {
          ...options.headers,
          'content-type': 'application/octet-stream',
          'content-length': String(body.length),
        },
        body: Readable.from(
          slices(body, (bytes) => {
            silence.broken();
            onSent(bytes);
          }),
        ),
        ...this.#requestOptions(silence),
      });
      return openEnvelope(await jsonOf(answer.body, silence), shown);
    } catch (error) {
      throw asFailure(error, shown, options.signal);
    } finally {
      silence.pause();
    }
  }

  /** Resolves when they begin to come. Rejects as put() does, and so does the stream. */
  async get(url: string, options: BytesRequest): Promise<BytesAnswer> {
    const shown = shownUrl(url);
    const silence = new Silence(options, this.#clock);
    try {
      const { statusCode, headers, body } = await request(url, {
        method: 'GET',
        headers: options.headers,
        ...this.#requestOptions(silence),
      });
      if (statusCode !== 200 && statusCode !== 206) {
        openEnvelope(await jsonOf(body, silence), shown);
        throw new CimError('unavailable', `what answers at ${shown} is not cim`);
      }
      silence.pause();
      const place = statusCode === 206 ? placeOf(headers['content-range']) : wholeOf(headers);
      return { ...place, stream: bytesOf(body, silence, shown, options.signal) };
    } catch (error) {
      silence.pause();
      throw asFailure(error, shown, options.signal);
    }
  }

  #requestOptions(silence: Silence) {
    const { signal } = silence;
    return { signal, dispatcher: this.#dispatcher, headersTimeout: 0, bodyTimeout: 0 };
  }
}

/** Ends a request in which nothing moves. */
class Silence {
  readonly #clock: Clock;
  readonly #quietMsMax: number;
  readonly #controller = new AbortController();
  readonly signal: AbortSignal;
  #timer: Timer | undefined;

  constructor({ quietMsMax, signal }: BytesRequest, clock: Clock) {
    this.#clock = clock;
    this.#quietMsMax = quietMsMax;
    this.signal = AbortSignal.any([signal, this.#controller.signal]);
    this.broken();
  }

  /** Something has moved. */
  broken(): void {
    this.pause();
    this.#timer = this.#clock.setTimeout(
      () => this.#controller.abort(new Error(`silent for ${this.#quietMsMax / 1_000} s`)),
      this.#quietMsMax,
    );
  }

  /** Nothing is waited for. */
  pause(): void {
    this.#timer?.cancel();
  }
}

async function* slices(
  body: Uint8Array,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += sliceBytes) {
    yield body.subarray(start, start + sliceBytes);
    onSent(Math.min(body.length, start + sliceBytes));
  }
}

async function* bytesOf(
  body: Dispatcher.ResponseData['body'],
  silence: Silence,
  shown: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      silence.broken();
      const next: IteratorResult<Uint8Array> = await chunks.next();
      // Whoever takes it may take their time.
      silence.pause();
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw asFailure(error, shown, signal);
  } finally {
    silence.pause();
    body.destroy();
  }
}

async function jsonOf(body: AsyncIterable<Uint8Array>, silence: Silence): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    silence.broken();
    bytes += chunk.length;
    if (bytes > limits.httpAnswerBytesMax) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  const text = decodeUtf8(Buffer.concat(chunks));
  if (text === undefined) throw new Error('its answer is not UTF-8');
  return JSON.parse(text);
}

function wholeOf(headers: Readonly<Record<string, string | string[] | undefined>>) {
  return { first: 0, total: Number(headers['content-length']) };
}

/** `bytes 5-9/10` */
function placeOf(range: string | string[] | undefined) {
  const [, first, total] = /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16})$/.exec(String(range)) ?? [];
  if (first === undefined || total === undefined) throw new Error('its answer is no range');
  return { first: Number(first), total: Number(total) };
}

/** Without what a URL may hold of a password. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function asFailure(error: unknown, shown: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof CimError) return error;
  const tlsFailure = describeTlsFailure(error);
  const message = `no answer from ${shown}: ${tlsFailure ?? describeError(error)}`;
  return new CimError('unavailable', message, tlsFailure === undefined ? { cause: error } : {});
}
