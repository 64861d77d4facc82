/** Files that a line sends or saves: one after the other, while the lines go on. */
import { ignore } from '../../base/ignore.ts';
import {
  type CimClient,
  CimError,
  type FileProgress,
  type MessageFile,
  type SentFile,
  type Target,
} from '../sdk/index.ts';
import type { LocalFile } from './local-file.ts';
import { pastMessage } from './past-message.ts';
import type { RecentMessages } from './recent-messages.ts';
import { saveFile } from './save-file.ts';
import type { InputLine, Result, View } from './view/view.ts';

export interface TransfersOptions {
  readonly client: Pick<CimClient, 'sendFile' | 'openFile' | 'history'>;
  readonly view: Pick<View, 'transferring' | 'transferred'>;
  readonly recent: RecentMessages;
  readonly userId: number;
}

export class Transfers {
  readonly #options: TransfersOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #moved = Promise.withResolvers<void>();

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /** Some bytes have gone, or come. */
  whenMoved(): Promise<void> {
    return this.#moved.promise;
  }

  /** Rejects as CimClient.sendFile() does. */
  send(
    line: InputLine,
    target: Target,
    { blob, facts }: LocalFile,
    replyTo: string | undefined,
  ): Promise<SentFile> {
    const { client } = this.#options;
    return this.#inTurn(line, (onProgress) =>
      client.sendFile(target, blob, {
        ...facts,
        ...(replyTo !== undefined && { replyTo }),
        onProgress: onProgress(`sending ${facts.name}`),
      }),
    );
  }

  /** Rejects with a CimError. */
  save(line: InputLine, id: string, path: string | undefined): Promise<Result> {
    const { client } = this.#options;
    return this.#inTurn(line, async (onProgress) => {
      const file = await this.#fileOf(id);
      const { name, bytes } = file;
      const stream = client.openFile(file, { onProgress: onProgress(`saving ${name}`) });
      return { kind: 'opened', file: await saveFile(name, stream, path), name, bytes };
    });
  }

  #inTurn<Answer>(
    line: InputLine,
    act: (onProgress: (what: string) => (progress: FileProgress) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const { view } = this.#options;
    const answer = this.#turn
      .then(() => act((what) => this.#teller(line, what)))
      .finally(() => view.transferred(line));
    this.#turn = answer.catch(ignore('whoever has typed it is told'));
    return answer;
  }

  /** Each percent is told once. */
  #teller(line: InputLine, what: string): (progress: FileProgress) => void {
    let told = -1;
    return ({ bytes, total }) => {
      this.#moved.resolve();
      this.#moved = Promise.withResolvers();
      const percent = total === 0 ? 100 : Math.floor((bytes / total) * 100);
      if (percent === told) return;
      told = percent;
      this.#options.view.transferring(line, { what, bytes, total, percent });
    };
  }

  async #fileOf(id: string): Promise<MessageFile> {
    const { client, recent, userId } = this.#options;
    const { file } = recent.get(id) ?? (await pastMessage(client, userId, id)) ?? {};
    if (file) return file;
    throw new CimError('unknown-file', `there is no file in the message ${id}`);
  }
}
