/** A file on its way: what routes are told of it, and how whoever waits for it sees and ends it. */
import type { MessageFile } from '../../../codec/file-content.ts';
import type { MessageExtras, SentMessage } from '../client-events.ts';

/** What an upload is begun with. To begin it once more is to go on with it. */
export interface UploadFacts {
  readonly id: string;
  readonly bytes: number;
  readonly type: string;
  /** Of all that is uploaded, as hex. */
  readonly sha256: string;
}

/** `bytes` of `total` are there. */
export interface FileProgress {
  readonly bytes: number;
  readonly total: number;
}

export interface TransferOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Told again and again; it may fall back when a part has to be sent anew. */
  readonly onProgress?: (progress: FileProgress) => void;
}

/** As they come: in pieces of any size. */
export type FileBytes = AsyncGenerator<Uint8Array, void, undefined>;

/** What an application says of a file, and whether it wants to hear of its way. */
export type UploadOptions = Pick<
  MessageFile,
  'name' | 'width' | 'height' | 'durationMs' | 'thumbnail'
> &
  TransferOptions & {
    /** Its media type; that of the blob, if absent. */
    readonly type?: string;
  };

/** And what of the message that brings it. */
export type SendFileOptions = UploadOptions & Omit<MessageExtras, 'file' | 'custom'>;

/** `file` may be sent to others as well: CimClient.send(). */
export type SentFile = SentMessage & { readonly file: MessageFile };
