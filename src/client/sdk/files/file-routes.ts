/** What of files is asked of routes: uploads, a chunk at a time, and reading. Any route will do for each. */
import { CimError } from '../../../base/errors.ts';
import { protocolVersion } from '../../../codec/commands.ts';
import type { FileTransport, IncomingBytes } from '../platform.ts';
import type { RouteCaller } from '../routes/route-caller.ts';
import type { Routes } from '../routes/routes.ts';
import type { UploadFacts } from './transfer.ts';

/** What does not move for so long has ended: another route is tried. */
const quietMsMax = 20_000;

/** How far an upload is. */
export interface Upload {
  readonly capability: string;
  readonly chunkBytes: number;
  readonly chunks: number;
  /** Numbers of chunks that are there already. */
  readonly received: readonly number[];
}

export interface Chunk {
  readonly id: string;
  readonly number: number;
  readonly capability: string;
  readonly bytes: Uint8Array;
  /** As hex. */
  readonly sha256: string;
}

export interface FileRoutesOptions {
  readonly userId: number;
  readonly routes: Routes;
  readonly caller: RouteCaller;
  readonly transport: Pick<FileTransport, 'put' | 'get'>;
}

export class FileRoutes {
  readonly #options: FileRoutesOptions;

  constructor(options: FileRoutesOptions) {
    this.#options = options;
  }

  async begin(facts: UploadFacts): Promise<Upload> {
    const { routes, userId } = this.#options;
    try {
      return (await routes.beginFile(userId, facts)) as Upload;
    } catch (error) {
      if (!isOlder(error)) throw error;
      throw new CimError('not-allowed', 'the routes of this cluster know no files: they are older');
    }
  }

  /** `onSent`: how many bytes of it have left. */
  async put(
    { id, number, capability, bytes, sha256 }: Chunk,
    onSent: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { caller, transport } = this.#options;
    await caller.ask(`/files/${id}/${number}`, (url) =>
      transport.put(url, {
        headers: { ...headersFor(capability), 'x-cim-sha256': sha256 },
        body: bytes,
        onSent,
        quietMsMax,
        signal,
      }),
    );
  }

  finish(id: string, capability: string): Promise<void> {
    return this.#options.routes.finishFile(id, capability);
  }

  /** An upload that is not to be finished. */
  cancel(id: string, capability: string): Promise<void> {
    return this.#options.routes.cancelFile(id, capability);
  }

  /** From there to its end, or less. */
  get(
    { id, capability }: { readonly id: string; readonly capability: string },
    first: number,
    signal: AbortSignal,
  ): Promise<IncomingBytes> {
    const { caller, transport } = this.#options;
    const range = first > 0 && { range: `bytes=${first}-` };
    return caller.ask(`/files/${id}`, (url) =>
      transport.get(url, {
        headers: { ...headersFor(capability), ...range },
        quietMsMax,
        signal,
      }),
    );
  }

  /** The route that has answered last has not kept its word: others are tried before it. */
  tryOthers(): void {
    this.#options.caller.tryOthers();
  }
}

function headersFor(capability: string) {
  return { 'x-cim-version': String(protocolVersion), 'x-cim-file': capability };
}

/** No route knows this path. */
function isOlder(error: unknown): boolean {
  const cause = error instanceof CimError ? error.cause : undefined;
  return cause instanceof CimError && cause.kind === 'not-found';
}
