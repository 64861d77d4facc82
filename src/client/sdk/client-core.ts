/**
 * What goes on in a CimClient while it is started: how its parts fit together, and when each of
 * them acts. What they do is in their own files: connection-keeper.ts (login and reconnect),
 * sender.ts, incoming.ts, device-state.ts.
 *
 *   idle ──start()──▶ connecting ──▶ ready ⇄ reconnecting
 *     └────────────────────┴───────────┴─────────┴──── close(), refused ──▶ closed
 */
import { CimError, describeError, type ErrorName } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import { limits } from '../../base/limits.ts';
import { closeNameOf } from '../../codec/close-codes.ts';
import type { ServerFrame } from '../../codec/sdk-frame.ts';
import type { ClientCoreOptions } from './client-core-options.ts';
import type {
  ClientEvents,
  ClientState,
  Message,
  SentMessage,
  Target,
  WarningKind,
} from './client-events.ts';
import { Alarm } from './connection/alarm.ts';
import { ConnectionKeeper } from './connection/connection-keeper.ts';
import { takeFrame } from './connection/take-frame.ts';
import { type ContentEvent, Contents } from './content/contents.ts';
import { OthersMarks } from './conversations/others-marks.ts';
import { OwnMarks } from './conversations/own-marks.ts';
import { DeviceState } from './device-state.ts';
import type { Draft } from './e2ee/sealable.ts';
import type { EventEmitter } from './event-emitter.ts';
import { PresenceWatch } from './presence/presence-watch.ts';
import { GroupFollowing } from './receiving/group-following.ts';
import { GroupNews } from './receiving/group-news.ts';
import { Incoming } from './receiving/incoming.ts';
import type { Arrived } from './receiving/received.ts';
import { OutboxSender } from './sending/outbox-sender.ts';
import { checkedDraft, checkedTarget } from './sending/send-checks.ts';
import { Sender } from './sending/sender.ts';
import { WaitingWatch } from './sending/waiting-watch.ts';

export class ClientCore {
  readonly #options: ClientCoreOptions;
  readonly #events: EventEmitter;
  /** What messages are beside their text. */
  readonly contents: Contents;
  readonly #sender: Sender;
  readonly #outbox: OutboxSender | undefined;
  readonly presence: PresenceWatch;
  /** For what is to be read or written again later. */
  readonly #alarm: Alarm;
  readonly #waiting: WaitingWatch;
  #state: ClientState = 'idle';
  #device: Promise<DeviceState> | undefined;
  #incoming: Incoming | undefined;
  #keeper: ConnectionKeeper | undefined;
  #firstReady: PromiseWithResolvers<void> | undefined;
  /** Is told what the application hears of groups by asking. */
  readonly groupNews: GroupNews;
  readonly groups: GroupFollowing;
  readonly #ownMarks: OwnMarks;
  readonly #othersMarks: OthersMarks;
  #closing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ClientCoreOptions) {
    this.#options = options;
    this.#events = options.events;
    this.contents = new Contents({
      ...options,
      send: (target, draft) => this.#send(target, draft),
      nextSendSeq: (target) => this.#sender.outgoing.nextSendSeq(target),
      sendTransient: async (target, draft, isLate) => {
        await this.#sender.sendTransient(target, draft, isLate);
        // Who types to somebody whose first login is under way asks too early.
        if ('to' in target) options.encryption.forgetMissingKey(target.to);
      },
    });
    this.#sender = new Sender({
      ...options,
      write: (fields) => this.#keeper?.write(fields),
      hasRoom: () => this.#hasRoom(),
    });
    const { outbox } = options;
    this.#outbox =
      outbox &&
      new OutboxSender({
        outbox,
        sender: this.#sender,
        isReady: () => this.#state === 'ready',
        onSent: (...sent) => this.#sent(...sent),
      });
    this.presence = new PresenceWatch({
      ...options.platform,
      write: (fields) => this.#keeper?.write(fields),
      onPresence: (presence) => this.#events.emit('presence', presence),
    });
    this.groupNews = new GroupNews(options.whyLeft, options.encryption.groups, (name, event) => {
      if (!this.#isClosed()) this.#events.emit(name, event);
    });
    this.groups = new GroupFollowing({
      news: this.groupNews,
      incoming: () => this.#incoming,
      isClosed: () => this.#isClosed(),
      onFollowed: () => this.#readOn(),
    });
    const { userId, receipts, platform } = options;
    this.#ownMarks = new OwnMarks(userId, () => this.#now(), receipts);
    this.#othersMarks = new OthersMarks({
      userId,
      clock: platform.clock,
      ask: options.askMarks,
      onMoved: (kind, mark) => this.#events.emit(kind, mark),
    });
    this.#waiting = new WaitingWatch({ ...options, outgoing: this.#sender.outgoing });
    this.#alarm = new Alarm(options.platform.clock, () => this.#wake());
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Somebody listens for messages now. */
  listening(): void {
    this.#incoming?.listening();
    this.#readOn();
  }

  start(): Promise<void> {
    if (this.#firstReady) return this.#firstReady.promise;
    this.#firstReady = Promise.withResolvers();
    if (this.#isClosed()) {
      this.#firstReady.reject(new CimError('unavailable', 'the client is closed'));
    } else {
      this.#become('connecting');
      void this.#run();
    }
    return this.#firstReady.promise;
  }

  async #send(to: Target, written: Draft): Promise<SentMessage> {
    if (this.#closing || this.#isClosed())
      throw new CimError('unavailable', 'the client is closed');
    const [target, draft] = [checkedTarget(to), checkedDraft(written)];
    const { outbox } = this.#options;
    if (outbox) return outbox.send(target, draft);
    const sent = await this.#sender.send(target, draft);
    this.#sent(sent, target, draft);
    return sent;
  }

  #sent(sent: SentMessage, target: Target, draft: Draft): ContentEvent | null {
    this.#othersMarks.sent(sent);
    return this.contents.sent(sent, target, draft);
  }

  /** Throws `invalid-argument`: it is the user's own, or was not shown here. */
  markRead(message: Message | string): void {
    if (!this.#incoming) throw new CimError('invalid-argument', 'nothing was shown yet');
    this.#incoming.markRead(message);
  }

  followMarks(target: Target): Promise<void> {
    return this.#othersMarks.follow(checkedTarget(target));
  }

  /** Resolves to undefined if it was not written. */
  sendTransient(target: Target, draft: Draft): Promise<SentMessage | undefined> {
    return this.#sender.sendTransient(target, draft);
  }

  #hasRoom(): boolean {
    const unsent = this.#keeper?.bufferedBytes ?? 0;
    const isOpen = this.#state === 'ready' && !this.#closing;
    return isOpen && unsent <= limits.transientOutboxBytesMax;
  }

  /** What this device knows of others' keys, or of groups, has changed. */
  pinsMoved(): void {
    void this.#device?.then((device) => device.pinsMoved());
  }

  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'idle') await this.#sender.whenAnswered(timeoutMs);
    await this.#finish({ reason: 'closed by the application', code: 'closed', error: null });
  }

  // ---- connected, and connected again -------------------------------------------------------------

  async #run(): Promise<void> {
    try {
      this.#device = this.#openDevice();
      const device = await this.#device;
      await this.#outbox?.open();
      if (this.#isClosed()) return;
      this.#incoming = this.#createIncoming(device);
      this.#keeper = this.#createKeeper(device);
      const { closeCode, reason } = await this.#keeper.run();
      const code = closeNameOf(closeCode) ?? `close-${closeCode}`;
      await this.#finish({ reason, code, error: new CimError(errorKindOf(code), reason) });
    } catch (error) {
      await this.#fail(error);
    }
  }

  #openDevice(): Promise<DeviceState> {
    const { storage } = this.#options;
    return DeviceState.open({
      ...this.#options,
      storage,
      warn: (kind, message) => this.#warn(kind, message),
    });
  }

  #createIncoming(state: DeviceState): Incoming {
    const { userId, platform, encryption } = this.#options;
    const handOver = (message: Arrived) => this.#handOver(message);
    return new Incoming({
      userId,
      epochHex: this.#sender.epochHex,
      clock: platform.clock,
      random: () => platform.random.fraction(),
      state,
      outgoing: this.#sender.outgoing,
      marks: this.#ownMarks,
      encryption,
      write: (fields) => this.#keeper?.write(fields),
      listener: () => (this.#events.of('message').size > 0 ? handOver : undefined),
      onFailure: (error) => void this.#fail(error),
      onGap: (group, gap) => this.#events.emit('gap', { ...(group !== '' && { group }), ...gap }),
      groupNews: this.groupNews,
      onTaken: () => this.#readOn(),
      onUnreadable: (membership) => this.#events.emit('unreadable', membership),
    });
  }

  #createKeeper(device: DeviceState): ConnectionKeeper {
    return new ConnectionKeeper({
      ...this.#options,
      epoch: this.#sender.epoch,
      device,
      onReady: (server, welcome) => this.#ready(server, device, welcome),
      onFrame: (frame) => this.#take(frame),
      onUnreadable: (seq) => this.#takeUnreadable(seq),
      onLost: (reason) => this.#lost(reason),
      onFailedAttempt: (kind, reason) => this.#warn(kind, reason),
      waitingSince: () =>
        Math.min(this.#sender.outgoing.waitingSince, this.#incoming?.waitingSince ?? Infinity),
    });
  }

  #ready(server: string, state: DeviceState, welcome: ServerFrame): void {
    const { userId, userName, account, encryption } = this.#options;
    this.#sender.serverVersion = welcome.serverVersion;
    const isOtherStore = state.enterStore(welcome.storeId);
    encryption.connected(account.keepsKeys, isOtherStore);
    if (isOtherStore) this.#sender.outgoing.prepareAnew();
    this.#become('ready');
    this.#events.emit('ready', { userId, userName, device: state.device, server });
    this.#firstReady?.resolve();
    this.#incoming?.connected(welcome, isOtherStore);
    this.#othersMarks.connected(welcome.marksVersion);
    this.#readOn();
    this.#sender.outgoing.connected(this.#now());
    this.#outbox?.look();
    this.presence.connected();
  }

  #lost(reason: string): void {
    this.#incoming?.disconnected();
    this.#sender.outgoing.disconnected();
    this.presence.disconnected();
    this.#setAlarm();
    this.#become('reconnecting');
    this.#events.emit('offline', { reason });
  }

  // ---- while connected ----------------------------------------------------------------------------

  #take(frame: ServerFrame): void {
    const { outgoing } = this.#sender;
    takeFrame(frame, this.#now(), {
      incoming: this.#incoming,
      outgoing,
      presence: this.presence,
      marks: this.#othersMarks,
    });
    this.#readOn();
  }

  #takeUnreadable(seq: number): void {
    this.#incoming?.unreadable(seq);
    this.#readOn();
  }

  /** Undefined if nobody needs to be waited for. */
  #handOver(message: Arrived): Promise<void> | undefined {
    const isOwn = message.from === this.#options.userId;
    if (isOwn && !message.transient) this.#othersMarks.sent(message);
    const told = this.contents.receive(message);
    return told ? this.#events.hand(told.name, told.event) : undefined;
  }

  /** Sends the reads that are due, and sees to it that what is due later is remembered. */
  #readOn(): void {
    if (this.#isClosed()) return;
    this.#incoming?.advance(this.#now());
    this.#setAlarm();
  }

  #setAlarm(): void {
    const incoming = this.#incoming?.wakeAt(this.#now()) ?? Infinity;
    this.#waiting.look(this.#now());
    const { wakeAt } = this.#sender.outgoing;
    this.#alarm.set(Math.min(wakeAt, incoming, this.#waiting.wakeAt));
  }

  #wake(): void {
    this.#sender.outgoing.advance(this.#now());
    this.#readOn();
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }

  // ---- the end ------------------------------------------------------------------------------------

  #warn(kind: WarningKind, message: string): void {
    this.#events.emit('warning', { kind, message });
  }

  #become(state: ClientState): void {
    const previous = this.#state;
    this.#state = state;
    this.#events.emit('state', { state, previous });
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #fail(error: unknown): Promise<void> {
    const known =
      error instanceof CimError
        ? error
        : new CimError('internal', describeError(error), { cause: error });
    return this.#finish({ reason: known.message, code: known.code, error: known });
  }

  /**
   * Idempotent: the first reason counts. Whoever still waits for a connection waits in vain and is
   * forgotten.
   */
  #finish(event: ClientEvents['closed']): Promise<void> {
    this.#closed ??= this.#end(event);
    return this.#closed;
  }

  async #end(event: ClientEvents['closed']): Promise<void> {
    this.#become('closed');
    this.#alarm.cancel();
    this.presence.disconnected();
    this.#outbox?.stop();
    this.#sender.abandon();
    this.#incoming?.stop();
    this.#othersMarks.stop();
    this.#options.encryption.stop();
    await this.#keeper?.stop();
    await this.#closeDevice();
    this.#firstReady?.reject(event.error ?? new CimError('unavailable', event.reason));
    this.#events.emit('closed', event);
  }

  /** The storage is the application's: whatever it does, the client ends. */
  async #closeDevice(): Promise<void> {
    // If it did not open, that is why the client ends.
    const device = await this.#device?.catch(ignore('whoever opened it was told'));
    try {
      await device?.close();
    } catch (error) {
      this.#warn('state-not-saved', describeError(error));
    }
  }
}

/** What a final close code is as an error: mostly the answer to who we are. */
function errorKindOf(code: string): ErrorName {
  return code === 'protocol-error' || code === 'wrong-version' ? 'internal' : 'not-allowed';
}
