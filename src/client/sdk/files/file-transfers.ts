/**
 * Files on their way. A file is brought to the cluster first; the message then says what it is, and how it
 * is read. A page loads this for the first file that is sent or opened (files.ts).
 */
import { toBase64Url } from '../../../base/text/base64url.ts';
import { isMediaType, unknownMediaType } from '../../../base/text/media-type.ts';
import { fileKeyBytes, type MessageFile } from '../../../codec/file-content.ts';
import { encodeContent } from '../../../codec/message-content.ts';
import type { MessageExtras, SentMessage, Target } from '../client-events.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { FileTransport, Platform } from '../platform.ts';
import type { RouteCaller } from '../routes/route-caller.ts';
import type { Routes } from '../routes/routes.ts';
import { checkedTarget } from '../sending/send-checks.ts';
import { download } from './download.ts';
import { FileRoutes } from './file-routes.ts';
import { FileSeal } from './file-seal.ts';
import type { FileBytes, TransferOptions, UploadOptions } from './transfer.ts';
import { upload } from './upload.ts';
import { UploadSource } from './upload-source.ts';

export interface FilesOptions {
  readonly userId: number;
  readonly routes: Routes;
  readonly caller: RouteCaller;
  readonly encryption: Pick<Encryption, 'isOff' | 'assertSendable'> & {
    readonly groups: Pick<Encryption['groups'], 'isSealed'>;
  };
  readonly platform: Pick<Platform, 'clock' | 'random' | 'files'>;
  readonly send: (target: Target, text: string, extras: MessageExtras) => Promise<SentMessage>;
}

const idBytes = 16;

export class FileTransfers {
  readonly #options: FilesOptions;
  readonly #transport: FileTransport;
  readonly #routes: FileRoutes;
  readonly #ended: AbortSignal;

  /** `ended`: the client is closed, and nothing goes on. */
  constructor(options: FilesOptions, transport: FileTransport, ended: AbortSignal) {
    this.#options = options;
    this.#transport = transport;
    this.#routes = new FileRoutes({ ...options, transport });
    this.#ended = ended;
  }

  /** Rejects as CimClient.uploadFile() does. */
  async upload(given: Target, blob: Blob, options: UploadOptions): Promise<MessageFile> {
    const target = checkedTarget(given);
    const { signal: givenSignal, onProgress = () => {}, type: givenType } = options;
    const { name, width, height, durationMs, thumbnail } = options;
    const { random } = this.#options.platform;
    const type =
      givenType?.toLowerCase() ?? (isMediaType(blob.type) ? blob.type : unknownMediaType);
    const id = toBase64Url(random.bytes(idBytes));
    const key = (await this.#isSealed(target)) ? random.bytes(fileKeyBytes) : undefined;
    const seal = key && (await FileSeal.of(key, id, blob.size));
    const facts = {
      ...{ id, name, bytes: blob.size, type },
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(durationMs !== undefined && { durationMs }),
      ...(thumbnail && { thumbnail }),
      ...(key && { key }),
    };
    // Before anything is sent: what others would not take for a file, and whom nothing can be sent to.
    encodeContent({
      file: { ...facts, capability: id, sha256: this.#transport.sha256().digest() },
    });
    if (key && 'to' in target) await this.#options.encryption.assertSendable(target.to);
    const signal = this.#signalOf(givenSignal);
    const source = new UploadSource(blob, seal);
    // What is sealed is bytes to everybody but those who have the key.
    const said = seal ? unknownMediaType : type;
    const uploaded = await upload({
      ...this.#means,
      ...{ id, type: said, source, signal, onProgress },
    });
    return { ...facts, ...uploaded };
  }

  /** Rejects as CimClient.openFile() does. */
  async *open(file: MessageFile, options: TransferOptions): FileBytes {
    const { signal, onProgress = () => {} } = options;
    encodeContent({ file });
    yield* download({ ...this.#means, file, signal: this.#signalOf(signal), onProgress });
  }

  get #means() {
    const { platform } = this.#options;
    return { platform, transport: this.#transport, routes: this.#routes };
  }

  /**
   * In private always: whether the message is sealed as well is known only when it is sent. In a group
   * that is not encrypted everybody would have the key from a message in clear text.
   */
  async #isSealed(target: Target): Promise<boolean> {
    const { encryption } = this.#options;
    return 'to' in target ? !encryption.isOff : encryption.groups.isSealed(target.group);
  }

  #signalOf(given: AbortSignal | undefined): AbortSignal {
    return given ? AbortSignal.any([given, this.#ended]) : this.#ended;
  }
}
