/** Uploads as a client of one's own makes them: over HTTP, step by step. */
import { createHash, randomBytes } from 'node:crypto';
import { limits } from '../../src/base/limits.ts';
import type { TransferPeer } from '../../src/route/files/transfers.ts';

export interface TestFile {
  readonly id: string;
  readonly content: Buffer;
  readonly type: string;
  readonly parts: readonly Buffer[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly code: string;
  readonly message: string;
  /** Of a begin; other answers have something else. */
  readonly dataBody: { readonly capability: string; readonly received: readonly number[] };
}

/** Who uploads and reads where no connection is. */
export const peer: TransferPeer = { address: '10.0.0.1', moved: () => 0, drop() {} };

const mebibyte = 1024 * 1024;

/** Of random bytes. */
export function testFile(bytes = 2.5 * 8 * mebibyte, type = 'image/png'): TestFile {
  const content = randomBytes(bytes);
  const parts: Buffer[] = [];
  for (let from = 0; from < bytes; from += limits.fileChunkBytes)
    parts.push(content.subarray(from, from + limits.fileChunkBytes));
  return { id: drawFileId(), content, type, parts };
}

export function drawFileId(): string {
  return randomBytes(16).toString('base64url');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One who uploads and reads files of a user at a route. */
export class FileCaller {
  readonly #route: string;
  readonly #userId: number;
  readonly #authorization: Readonly<Record<string, string>>;

  constructor(route: string, userId: number, token?: string) {
    this.#route = route;
    this.#userId = userId;
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  begin({ id, content, type }: TestFile, fields: object = {}): Promise<Answer> {
    const facts = { userId: this.#userId, id, bytes: content.length, type };
    return this.post('/files', { ...facts, sha256: sha256(content), ...fields });
  }

  async put(
    { id }: Pick<TestFile, 'id'>,
    number: number | string,
    part: Buffer,
    capability: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const said = { 'x-cim-file': capability, 'x-cim-sha256': sha256(part), ...headers };
    const url = `${this.#route}/files/${id}/${number}`;
    return answerOf(await fetch(url, { method: 'PUT', headers: said, body: new Uint8Array(part) }));
  }

  finish({ id }: Pick<TestFile, 'id'>, capability: string): Promise<Answer> {
    return this.post('/finishFile', { id, capability });
  }

  cancel({ id }: Pick<TestFile, 'id'>, capability: string): Promise<Answer> {
    return this.post('/cancelFile', { id, capability });
  }

  get(
    { id }: Pick<TestFile, 'id'>,
    capability: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<Response> {
    const said = { 'x-cim-file': capability, ...headers };
    return fetch(`${this.#route}/files/${id}`, { method, headers: said });
  }

  /** From the beginning to the end; its capability. */
  async upload(file: TestFile): Promise<string> {
    const { capability } = (await this.begin(file)).dataBody;
    for (const [number, part] of file.parts.entries())
      await this.put(file, number, part, capability);
    const { code, message } = await this.finish(file, capability);
    if (code !== '9000') throw new Error(message);
    return capability;
  }

  async download(file: Pick<TestFile, 'id'>, capability: string): Promise<Buffer> {
    return Buffer.from(await (await this.get(file, capability)).arrayBuffer());
  }

  async post(path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...this.#authorization };
    const call = { method: 'POST', headers, body: JSON.stringify(body) };
    return answerOf(await fetch(`${this.#route}${path}`, call));
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const { code, message, dataBody } = (await response.json()) as Omit<Answer, 'status' | 'headers'>;
  return { status: response.status, headers: response.headers, code, message, dataBody };
}
