/**
 * The files of routes, in memory, as docs/guides/build-a-chat.md tells of them: begun, sent in chunks,
 * finished, read. What goes wrong on the way is the test's to say.
 */
import { createHash } from 'node:crypto';
import { CimError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/client/sdk/node/node-platform.ts';
import type { FileTransport } from '../../src/client/sdk/platform.ts';

export interface FileCall {
  readonly what: 'begin' | 'put' | 'finish' | 'cancel' | 'get';
  readonly route: string;
  /** Of a chunk, or the first byte that is asked for. */
  readonly number: number;
}

/** What becomes of a call: it fails; or the stream ends so many bytes after its beginning. */
type Fate = CimError | { readonly cutAfter: number } | undefined;

interface FakeFile {
  readonly capability: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly type: string;
  readonly chunks: Map<number, Uint8Array>;
  isFinished: boolean;
}

export class FakeFiles {
  readonly files = new Map<string, FakeFile>();
  readonly calls: FileCall[] = [];
  readonly #chunkBytes: number;
  fateOf: (call: FileCall) => Fate = () => undefined;
  /** What a route gives of a file; another one may lie. */
  given = (bytes: Uint8Array): Uint8Array => bytes;

  constructor(chunkBytes = 1_000_000) {
    this.#chunkBytes = chunkBytes;
  }

  readonly transport: FileTransport = {
    put: async (url, { headers, body, onSent, signal }) => {
      signal.throwIfAborted();
      const { id, number } = placeOf(url);
      this.#meet({ what: 'put', route: new URL(url).origin, number });
      const file = this.#open(id, headers['x-cim-file']);
      if (hexOf(body) !== headers['x-cim-sha256']) throw new CimError('bad-chunk');
      const size = Math.min(this.#chunkBytes, file.bytes - number * this.#chunkBytes);
      if (body.length !== size) throw new CimError('bad-chunk');
      onSent(body.length);
      file.chunks.set(number, Uint8Array.from(body));
      return null;
    },
    get: async (url, { headers, signal }) => {
      signal.throwIfAborted();
      const first = Number(/^bytes=(\d+)-$/.exec(headers['range'] ?? 'bytes=0-')?.[1]);
      const fate = this.#meet({ what: 'get', route: new URL(url).origin, number: first });
      const file = this.#open(placeOf(url).id, headers['x-cim-file']);
      if (!file.isFinished) throw new CimError('unknown-file');
      const all = this.given(this.bytesOf(placeOf(url).id));
      const cutAfter = fate && 'cutAfter' in fate ? fate.cutAfter : undefined;
      return { first, total: all.length, stream: streamOf(all.subarray(first), cutAfter) };
    },
    sha256,
  };

  /** `/files`, `/finishFile` and `/cancelFile`, at this route. */
  post(route: string, path: string, posted: Readonly<Record<string, unknown>>): unknown {
    const { id, bytes, sha256: hash, type } = posted as Record<string, string> & { bytes: number };
    if (path === '/files') {
      this.#meet({ what: 'begin', route, number: 0 });
      const known = this.files.get(id!);
      if (known && known.sha256 !== hash) throw new CimError('file-exists');
      const file: FakeFile = known ?? {
        ...{ capability: `cap-of-${id}`, bytes, sha256: hash!, type: type! },
        ...{ chunks: new Map(), isFinished: false },
      };
      this.files.set(id!, file);
      const chunks = Math.ceil(bytes / this.#chunkBytes);
      const { capability } = file;
      return {
        id,
        capability,
        chunkBytes: this.#chunkBytes,
        chunks,
        received: [...file.chunks.keys()],
      };
    }
    this.#meet({ what: path === '/cancelFile' ? 'cancel' : 'finish', route, number: 0 });
    const file = this.#open(id!, posted['capability'] as string);
    if (path === '/cancelFile') {
      if (!file.isFinished) this.files.delete(id!);
      return { cancelled: !file.isFinished };
    }
    if (file.chunks.size < Math.ceil(file.bytes / this.#chunkBytes))
      throw new CimError('incomplete-file');
    if (hexOf(this.bytesOf(id!)) !== file.sha256) throw new CimError('bad-file');
    file.isFinished = true;
    return { id };
  }

  bytesOf(id: string): Uint8Array {
    const { chunks = new Map() } = this.files.get(id) ?? {};
    const inOrder = [...chunks].sort(([one], [other]) => one - other);
    return new Uint8Array(Buffer.concat(inOrder.map(([, chunk]) => chunk)));
  }

  callsTo(what: FileCall['what']): FileCall[] {
    return this.calls.filter((call) => call.what === what);
  }

  #open(id: string, capability: string | undefined): FakeFile {
    const file = this.files.get(id);
    if (file?.capability !== capability) throw new CimError('unknown-file');
    return file!;
  }

  #meet(call: FileCall): Fate {
    this.calls.push(call);
    const fate = this.fateOf(call);
    if (fate instanceof CimError) throw fate;
    return fate;
  }
}

function placeOf(url: string): { readonly id: string; readonly number: number } {
  const [, , id = '', number = ''] = new URL(url).pathname.split('/');
  return { id, number: Number(number) };
}

/** In pieces that are no whole pieces of the file. */
async function* streamOf(
  bytes: Uint8Array,
  cutAfter = Infinity,
): AsyncGenerator<Uint8Array, void, undefined> {
  const sliceBytes = 70_001;
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    const end = Math.min(start + sliceBytes, bytes.length, cutAfter);
    yield bytes.subarray(start, end);
    if (end === cutAfter) throw new CimError('unavailable', 'the connection was reset');
  }
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
