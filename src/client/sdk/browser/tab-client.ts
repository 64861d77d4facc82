/**
 * The SDK for pages: one device for all tabs of a browser. One tab leads and has the connection; the
 * others ask it, and all read in one journal what comes. It has the calls and events of a CimClient,
 * whichever tab leads.
 *
 *     const client = tabClient({ name: 'bob@chat.example', userId: 1, userName: 'bob', routes: [location.origin] });
 *     client.on('message', (message) => show(message));
 *     await client.start();
 *     show(await client.stored({ with: { to: 2 }, limit: 50 }));
 *     await client.send({ to: 2 }, 'hi');
 */
import { fileText } from '../../../codec/content-words.ts';
import type { MessageFile } from '../../../codec/file-content.ts';
import { CimClient } from '../client.ts';
import type {
  ClientEventListener,
  ClientEventName,
  ClientState,
  HistoryPage,
  Message,
  MessageExtras,
  SentMessage,
  Target,
} from '../client-events.ts';
import { EventEmitter } from '../event-emitter.ts';
import { fileExtras } from '../files/files.ts';
import type {
  FileBytes,
  FileProgress,
  SendFileOptions,
  SentFile,
  UploadOptions,
} from '../files/transfer.ts';
import type { ExportOptions, ExportRecord } from '../routes/export.ts';
import { browserPlatform } from './browser-platform.ts';
import type { StoredQuery } from './message-store.ts';
import type { Pending } from './outbox.ts';
import { Tab, type TabOptions } from './tab.ts';

/** What is asked of the leading tab, and does what it does for CimClient. */
const asked = [
  ...(['edit', 'retract', 'react', 'sendTransient', 'typing', 'onlineUsers', 'users'] as const),
  ...(['createGroup', 'joinGroup', 'leaveGroup', 'groups', 'invitations', 'groupMembers'] as const),
  ...(['groupInfo', 'setGroup', 'setGroupAdmin', 'handOverGroup', 'inviteToGroup'] as const),
  ...(['removeMember', 'block', 'unblock', 'blocked', 'showLastSeen', 'conversations'] as const),
  ...(['setMuted', 'setPinned', 'marksOfGroup', 'followMarks', 'history', 'schedule'] as const),
  ...(['delayed', 'cancelDelayed', 'peerKey', 'confirmKey', 'secret', 'rotateSecret'] as const),
  ...(['deleteAccount', 'trace'] as const),
] satisfies (keyof CimClient)[];

type Asked = Pick<CimClient, (typeof asked)[number]>;

/** All that a CimClient can, and what only a browser's can. */
export type TabClient = Asked & TabFace;

export type TabClientOptions = TabOptions;

export function tabClient(options: TabClientOptions): TabClient {
  const events = new EventEmitter();
  const tab = new Tab(options, events);
  const calls = asked.map((method) => [method, (...given: unknown[]) => tab.ask(method, given)]);
  return Object.assign(new TabFace(options, tab, events), Object.fromEntries(calls) as Asked);
}

class TabFace implements Pick<CimClient, Exclude<keyof CimClient, keyof Asked>> {
  readonly #options: TabClientOptions;
  readonly #tab: Tab;
  readonly #events: EventEmitter;
  /** Never started: for what needs no connection, and cannot cross from tab to tab. */
  #apart: CimClient | undefined;

  constructor(options: TabClientOptions, tab: Tab, events: EventEmitter) {
    this.#options = options;
    this.#tab = tab;
    this.#events = events;
  }

  get state(): ClientState {
    return this.#tab.standing.state;
  }

  get followedGroups(): readonly string[] {
    return this.#tab.standing.groups;
  }

  on<Name extends ClientEventName>(event: Name, listener: ClientEventListener<Name>): () => void {
    const stop = this.#events.on(event, listener);
    if (event === 'message') this.#tab.listening();
    return stop;
  }

  /** As of CimClient: ready at once where another tab is. Events tell what comes from now on. */
  start(): Promise<void> {
    return this.#tab.start();
  }

  /**
   * As of CimClient. The message is kept in this browser until it is stored: if this page is gone before,
   * the next one sends it, once. With `unconfirmed` it is not known whether it was, or will be.
   */
  send(target: Target, text: string, extras: MessageExtras = {}): Promise<SentMessage> {
    return this.#tab.sends.send(target, text, extras);
  }

  /**
   * What all tabs have sent, also before a reload, and nobody has said yet to be stored or refused, in
   * order. `message`, `edited` and so on tell when it is stored, `refused` when it never will be.
   */
  pending(): Promise<readonly Pending[]> {
    return this.#tab.pending();
  }

  async sendFile(target: Target, blob: Blob, options: SendFileOptions): Promise<SentFile> {
    const file = await this.uploadFile(target, blob, options);
    const sent = await this.send(target, fileText(file), fileExtras(file, options));
    return { ...sent, file };
  }

  async uploadFile(target: Target, blob: Blob, options: UploadOptions): Promise<MessageFile> {
    const { signal, onProgress = () => {}, ...facts } = options;
    const progressed = (value: unknown) => onProgress(value as FileProgress);
    const given = [target, blob, facts];
    const asked = { onProgress: progressed, signal };
    return (await this.#tab.ask('uploadFile', given, asked)) as MessageFile;
  }

  openFile(...given: Parameters<CimClient['openFile']>): FileBytes {
    return this.#withoutConnection().openFile(...given);
  }

  export(options: ExportOptions = {}): AsyncGenerator<ExportRecord, void, undefined> {
    return this.#withoutConnection().export(options);
  }

  watchPresence(userIds: readonly number[]): void {
    this.#tab.watch((watched) => new Set([...watched, ...userIds]));
  }

  unwatchPresence(userIds: readonly number[]): void {
    this.#tab.watch((watched) => new Set([...watched].filter((id) => !userIds.includes(id))));
  }

  /** What was not shown here lately is passed over. */
  markRead(message: Message | string): void {
    void Promise.allSettled([this.#tab.ask('markRead', [message])]);
  }

  /** Of the messages that this browser has kept: the newest that match, oldest first, as they are now. */
  stored(query: StoredQuery): Promise<HistoryPage> {
    return this.#tab.stored(query);
  }

  /** Of this tab alone: the others go on. */
  close({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#tab.close(timeoutMs);
  }

  /** Signs out: all tabs are closed, and nothing of the device is left in this browser. */
  forget(): Promise<void> {
    return this.#tab.forget();
  }

  #withoutConnection(): CimClient {
    this.#apart ??= new CimClient({ platform: browserPlatform(), ...this.#options });
    return this.#apart;
  }
}
