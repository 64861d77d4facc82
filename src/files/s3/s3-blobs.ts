/**
 * The bytes of files in an S3: an object for each part, below the name of its file. All bytes go
 * through this process, so clients need not reach the S3. Requests are signed by aws4fetch, with the
 * hash of what is stored among what is signed.
 */
import { Agent, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsV4Signer } from 'aws4fetch';
import { type Clock, systemClock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { decodeUtf8 } from '../../base/text/utf8.ts';
import type { BlobContent, BlobName, BlobStore } from '../blob-store.ts';
import { Silence } from './silence.ts';

export interface S3Options {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  readonly secret: string;
  readonly clock?: Pick<Clock, 'setTimeout'>;
}

interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
}

interface Answer {
  readonly status: number;
  readonly message: IncomingMessage;
  readonly pieces: AsyncGenerator<Buffer, void, undefined>;
}

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** What is looked at of an answer that is no part of a file: a page of names is shorter. */
const answerBytesMax = 1024 * 1024;
const namesPerPage = 1_000;

export class S3Blobs implements BlobStore {
  readonly isLocal = false;
  readonly #options: S3Options;
  /** Without a slash at its end. */
  readonly #bucket: string;
  readonly #isSecure: boolean;
  readonly #agent: Agent;
  #problem: string | null = null;

  /** Throws `bad-config`. Whether the S3 is there, is seen when it is asked. */
  static open(options: S3Options): S3Blobs {
    const url = URL.parse(options.url);
    const isPlain = url?.search === '' && url.hash === '' && url.username === '';
    if (!url || !isPlain || !/^https?:$/.test(url.protocol))
      throw new CimError('bad-config', 's3-url: must be http:// or https://, a host and a port');
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(options.bucket))
      throw new CimError('bad-config', 's3-bucket: is no name of a bucket');
    return new S3Blobs(options, url);
  }

  private constructor(options: S3Options, url: URL) {
    this.#options = options;
    this.#bucket = `${url.href.replace(/\/+$/, '')}/${options.bucket}`;
    this.#isSecure = url.protocol === 'https:';
    const kept = { keepAlive: true, maxSockets: limits.fileTransfersMax };
    this.#agent = this.#isSecure ? new SecureAgent(kept) : new Agent(kept);
  }

  get problem(): string | null {
    return this.#problem;
  }

  async put(
    name: BlobName,
    body: AsyncIterable<Uint8Array>,
    { bytes, sha256 }: BlobContent,
  ): Promise<void> {
    const headers = { 'content-length': String(bytes), 'x-amz-content-sha256': sha256 };
    const answer = await this.#call('PUT', pathOf(name), { headers, body });
    await this.#expect(answer, [200]);
  }

  async read(name: BlobName, from: number, to: number): Promise<Readable | null> {
    const headers = { range: `bytes=${from}-${to - 1}` };
    const answer = await this.#call('GET', pathOf(name), { headers });
    if (answer.status === 206) return this.#bytesOf(answer);
    const text = await this.#expect(answer, [404]);
    // A bucket that is not there has lost nothing.
    if (text.includes('<Code>NoSuchKey</Code>')) return null;
    throw this.#failed('the S3 for files does not have the bucket');
  }

  /** What an S3 has taken is kept. */
  async settle(): Promise<void> {}

  async removePart(name: BlobName): Promise<void> {
    await this.#remove(pathOf(name));
  }

  async remove(file: string): Promise<void> {
    for (;;) {
      const query = `?list-type=2&max-keys=${namesPerPage}&prefix=${file}%2F`;
      const names = await this.#expect(await this.#call('GET', query), [200]);
      const paths = [...names.matchAll(/<Key>([\w/-]+)<\/Key>/g)].map(([, key]) => `/${key}`);
      for (const path of paths) await this.#remove(path);
      if (paths.length === 0) return;
    }
  }

  async probe(): Promise<void> {
    try {
      await this.#expect(await this.#call('GET', '?list-type=2&max-keys=1'), [200]);
    } catch (error) {
      // What is wrong is known by now.
      if (!(error instanceof CimError)) throw error;
    }
  }

  async #remove(path: string): Promise<void> {
    await this.#expect(await this.#call('DELETE', path), [200, 204, 404]);
  }

  /** Resolves when there is an answer, and the body was taken. */
  async #call(method: string, path: string, { headers = {}, body }: Call = {}): Promise<Answer> {
    const { region, key, secret, clock = systemClock } = this.#options;
    const signed = await new AwsV4Signer({
      ...{ method, url: `${this.#bucket}${path}`, region, service: 's3' },
      ...{ accessKeyId: key, secretAccessKey: secret },
      headers: { 'x-amz-content-sha256': emptyHash, ...headers },
    }).sign();
    const request = (this.#isSecure ? requestSecurely : requestPlain)(signed.url, {
      method,
      headers: Object.fromEntries(signed.headers),
      agent: this.#agent,
    });
    const silence = new Silence(clock, limits.s3SilenceMsMax, () =>
      request.destroy(new Error('it does not answer')),
    );
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).on('error', reject);
    });
    try {
      const [message] = await Promise.all([
        answered,
        pipeline(silence.whileTaken(body ?? nothing()), request),
      ]);
      const { statusCode: status = 0 } = message;
      return { status, message, pieces: silence.whileGiven(message) };
    } catch (error) {
      if (error instanceof CimError) throw error;
      throw this.#failed('the S3 for files does not answer', error);
    } finally {
      silence.end();
    }
  }

  #bytesOf({ message, pieces }: Answer): Readable {
    const failed = (error: unknown) => this.#failed('the S3 for files does not answer', error);
    async function* all(): AsyncGenerator<Buffer, void, undefined> {
      try {
        yield* pieces;
      } catch (error) {
        throw failed(error);
      }
    }
    const bytes = Readable.from(all(), { objectMode: false });
    // Also if nobody has begun to read.
    return bytes.once('close', () => message.destroy());
  }

  /** What it says. Rejects with `busy` if its status is none of these. */
  async #expect({ status, pieces }: Answer, statuses: readonly number[]): Promise<string> {
    const heard: Buffer[] = [];
    let length = 0;
    try {
      for await (const piece of pieces) {
        length += piece.length;
        if (length > answerBytesMax) throw new Error('its answer is too long');
        heard.push(piece);
      }
    } catch (error) {
      throw this.#failed('the S3 for files does not answer', error);
    }
    const text = decodeUtf8(Buffer.concat(heard)) ?? '';
    if (!statuses.includes(status)) {
      const [, code = ''] = /<Code>(\w{1,64})<\/Code>/.exec(text) ?? [];
      throw this.#failed(`the S3 for files refuses (${`${status} ${code}`.trim()})`);
    }
    this.#problem = null;
    return text;
  }

  #failed(problem: string, cause?: unknown): CimError {
    this.#problem = problem;
    return new CimError('busy', problem, { cause });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function pathOf({ file, part }: BlobName): string {
  return `/${file}/${part}`;
}
