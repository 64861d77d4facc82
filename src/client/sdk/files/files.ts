/**
 * Files beside messages, as an application sends and opens them. What brings them (file-transfers.ts) is
 * loaded for the first one.
 */
import { CimError } from '../../../base/errors.ts';
import { fileText } from '../../../codec/content-words.ts';
import type { MessageFile } from '../../../codec/file-content.ts';
import type { MessageExtras, Target } from '../client-events.ts';
import { loaded } from '../on-demand.ts';
import type { FilesOptions, FileTransfers } from './file-transfers.ts';
import type {
  FileBytes,
  SendFileOptions,
  SentFile,
  TransferOptions,
  UploadOptions,
} from './transfer.ts';

export class Files {
  readonly #options: FilesOptions;
  readonly #ended = new AbortController();

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  /** Rejects as CimClient.sendFile() does. */
  async send(target: Target, blob: Blob, options: SendFileOptions): Promise<SentFile> {
    const file = await this.upload(target, blob, options);
    const sent = await this.#options.send(target, fileText(file), fileExtras(file, options));
    return { ...sent, file };
  }

  /** Rejects as CimClient.uploadFile() does. */
  async upload(target: Target, blob: Blob, options: UploadOptions): Promise<MessageFile> {
    return (await this.#transfers()).upload(target, blob, options);
  }

  /** Rejects as CimClient.openFile() does. */
  async *open(file: MessageFile, options: TransferOptions): FileBytes {
    yield* (await this.#transfers()).open(file, options);
  }

  /** The client is closed: nothing goes on. */
  stop(): void {
    this.#ended.abort(new CimError('unavailable', 'the client is closed'));
  }

  async #transfers(): Promise<FileTransfers> {
    const [{ FileTransfers: Transfers }, transport] = await Promise.all([
      loaded(() => import('./file-transfers.ts')),
      loaded(this.#options.platform.files),
    ]);
    return new Transfers(this.#options, transport, this.#ended.signal);
  }
}

/** What the message has that brings this file. */
export function fileExtras(
  file: MessageFile,
  { replyTo, mentions, silent }: SendFileOptions,
): MessageExtras {
  return {
    file,
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions && { mentions }),
    ...(silent !== undefined && { silent }),
  };
}
