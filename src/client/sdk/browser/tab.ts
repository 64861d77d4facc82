/**
 * One of the tabs of a device: it leads, or asks the one that does; and what happens when that changes,
 * or the page is put aside. The journal makes it harmless: whoever takes the lead goes on where it ends,
 * and each tab reads on where it was.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import type { ClientEvents, HistoryPage, SentMessage } from '../client-events.ts';
import type { CimClientOptions } from '../client-options.ts';
import type { EventEmitter } from '../event-emitter.ts';
import type { Platform } from '../platform.ts';
import { browserPlatform } from './browser-platform.ts';
import { beginTerm, currentTerm, deleteDatabase } from './database.ts';
import { storageInTerm } from './indexed-db-storage.ts';
import { JournalReader } from './journal-reader.ts';
import { LeaderWatch } from './leader-watch.ts';
import { Leadership } from './leadership.ts';
import { LeadingTab } from './leading-tab.ts';
import type { StoredQuery } from './message-store.ts';
import type { Pending } from './outbox.ts';
import { watchPageLife } from './page-life.ts';
import { openShare, type Share } from './share.ts';
import { type CallOptions, TabCalls } from './tab-calls.ts';
import {
  errorOfTab,
  type Happened,
  newId,
  outcomeOfTab,
  type Standing,
  type TabCall,
  type TabMessage,
  tabErrorOf,
  tabOutcomeOf,
} from './tab-channel.ts';
import { TabSends } from './tab-sends.ts';
import { closedError, TabState } from './tab-state.ts';

export interface TabOptions extends Omit<CimClientOptions, 'platform' | 'storage'> {
  /** Of the device, in this browser: one for each user and cluster. */
  readonly name: string;
  readonly platform?: Platform;
  /**
   * This tab has slept for so long that not all of what happened is told any more: what it shows is to
   * be read anew (`stored`).
   */
  readonly onBehind?: () => void;
}

export class Tab {
  readonly #options: TabOptions;
  readonly #events: EventEmitter;
  readonly #id = newId();
  readonly #state: TabState;
  readonly sends: TabSends;
  readonly #calls = new TabCalls(this.#id, (message) => this.#postToLeader(message));
  readonly #reader: JournalReader;
  readonly #leadership: Leadership;
  readonly #watch: LeaderWatch;
  #watched: ReadonlySet<number> = new Set();
  #stopWatching = () => {};
  #share: Share | undefined;
  /** Resolves when this tab takes part; to undefined if it is alone, or closed. */
  #sharing = Promise.withResolvers<Share | undefined>();
  #leading: LeadingTab | undefined;
  /** In which the tab leads that is asked. */
  #term = 0;
  #beginning: Promise<void> | undefined;

  constructor(options: TabOptions, events: EventEmitter) {
    this.#options = options;
    this.#events = events;
    this.#state = new TabState(events);
    this.#reader = new JournalReader({
      tab: this.#id,
      hand: (happened) => this.#tell(happened),
      isListening: () => events.of('message').size > 0,
      onBehind: () => options.onBehind?.(),
      onFailure: (error) => this.#fail(error),
    });
    this.sends = new TabSends({
      user: options,
      tab: this.#id,
      share: () => this.#sharing.promise,
      onKept: () => {
        this.#post({ kind: 'kept' });
        this.#leading?.look();
      },
      sendAlone: async (...given) => (await this.ask('send', given)) as SentMessage,
      onRefused: (refused) => events.emit('refused', refused),
    });
    this.#leadership = new Leadership({ ...options, lead: (signal) => this.#lead(signal) });
    this.#watch = new LeaderWatch({
      ask: () => this.#post({ kind: 'hello' }),
      onSilent: () => this.#leadership.steal(),
    });
  }

  get standing(): Standing {
    return this.#state.standing;
  }

  listening(): void {
    this.#reader.look();
  }

  start(): Promise<void> {
    return this.#state.whenReady(() => {
      this.#beginning = this.#begin();
    });
  }

  /** Rejects as the method of CimClient does, and with `unconfirmed`. */
  ask(method: string, given: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    if (this.#state.isClosed) return Promise.reject(closedError());
    return this.#calls.call(method, given, options);
  }

  async pending(): Promise<readonly Pending[]> {
    return (await this.#started())?.outbox.pending() ?? [];
  }

  watch(change: (watched: ReadonlySet<number>) => ReadonlySet<number>): void {
    this.#watched = change(this.#watched);
    this.#tellWatched();
  }

  async stored(query: StoredQuery): Promise<HistoryPage> {
    await this.#beginning;
    const none = { messages: [], next: null, expired: false };
    return (await this.#started())?.journal.stored(query) ?? none;
  }

  /** Undefined: this tab takes no part. */
  async #started(): Promise<Share | undefined> {
    return this.#state.isStarted ? this.#sharing.promise : undefined;
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#state.isClosed) return;
    await this.#leading?.close(timeoutMs);
    this.#end({ reason: 'closed by the application', code: 'closed', error: null });
    await this.#leadership.stop();
  }

  async forget(): Promise<void> {
    this.#post({ kind: 'forget' });
    await this.close(0);
    await deleteDatabase(this.#options.name);
  }

  // ---- taking part --------------------------------------------------------------------------------

  async #begin(): Promise<void> {
    this.#state.become({ state: 'connecting', groups: [] });
    try {
      if (!('locks' in navigator)) throw new Error('only pages on https (or localhost) can share');
      await this.#takePart();
    } catch (error) {
      const message = `this tab is alone, and remembers nothing: ${describeError(error)}`;
      this.#events.emit('warning', { kind: 'state-unusable', message });
      this.#sharing.resolve(undefined);
      this.#leadWith(0, undefined);
      return;
    }
    this.#stopWatching = watchPageLife(
      () => this.#suspend(),
      () => void this.#resume(),
    );
  }

  async #takePart(): Promise<void> {
    this.#share = await openShare(this.#options, this.#reader, (message) => this.#heard(message));
    this.#sharing.resolve(this.#share);
    this.#leadership.start();
    this.#watch.start();
  }

  /** The page is put aside, perhaps for good: what others wait for is given up at once. */
  #suspend(): void {
    void this.#leading?.close(0);
    void this.#leadership.stop();
    this.#leave();
  }

  #leave(): void {
    this.#post({ kind: 'bye', tab: this.#id });
    this.#watch.stop();
    this.#calls.leads(undefined);
    this.#reader.close();
    this.#share?.channel.close();
    this.#share?.database.close();
    if (!this.#share) return;
    this.#share = undefined;
    this.#sharing = Promise.withResolvers();
  }

  /** It is looked at again. */
  async #resume(): Promise<void> {
    await this.#leadership.stop();
    if (this.#share || this.#state.isClosed) return;
    try {
      await this.#takePart();
    } catch (error) {
      this.#fail(error);
    }
  }

  // ---- leading, and following ---------------------------------------------------------------------

  /** Never rejects: else it would be tried again at once. */
  async #lead(signal: AbortSignal): Promise<void> {
    const share = this.#share;
    if (!share) return;
    try {
      const term = await beginTerm(share.database);
      if (signal.aborted || !this.#share) return;
      this.#watch.stop();
      const leading = this.#leadWith(term, share);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      this.#leading = undefined;
      this.#calls.leads(undefined);
      await leading.close(0);
      if (this.#share) this.#watch.start();
    } catch (error) {
      this.#fail(error);
    }
  }

  #leadWith(term: number, share: Share | undefined): LeadingTab {
    const { platform = browserPlatform(), ...options } = this.#options;
    const storage = share && storageInTerm(share.database, term);
    const leading = new LeadingTab({
      client: { ...options, platform, ...(storage && { storage }) },
      kept: share && {
        ...share,
        send: (by, target, draft) => this.sends.keep(share, by, target, draft),
        onSettled: (id, outcome) => {
          this.#post({ kind: 'settled', term, id, outcome: tabOutcomeOf(outcome) });
          this.sends.settled(id, outcome);
        },
      },
      term,
      isCurrent: async () => !this.#share || (await currentTerm(this.#share.database)) === term,
      onStanding: (standing) => {
        this.#post({ kind: 'standing', term, standing });
        this.#state.become(standing);
      },
      tell: (happened) => {
        this.#post({ kind: 'happened', term, happened });
        return this.#tell(happened);
      },
      onAppended: () => {
        this.#post({ kind: 'appended' });
        this.#reader.look();
      },
      onProgress: (tab, id, value) => this.#postTo(tab, { kind: 'progress', tab, id, value }),
      onClosed: ({ reason, code, error }) => {
        const told = error && tabErrorOf(error);
        this.#post({ kind: 'closed', term, reason, code, error: told });
        this.#end({ reason, code, error });
      },
    });
    this.#leading = leading;
    this.#term = term;
    leading.start();
    this.#postLeading(leading);
    this.#state.become(leading.standing);
    this.#asks((call) => void this.#serve(call));
    return leading;
  }

  async #serve(call: TabCall): Promise<void> {
    const leading = this.#leading;
    const answer = await leading?.serve(call);
    // Of one that does not lead any more: whoever does is asked again.
    if (answer && (leading === this.#leading || answer.isNotDone)) this.#postTo(call.tab, answer);
  }

  #heard(message: TabMessage): void {
    switch (message.kind) {
      case 'call':
        if (this.#leading) void this.#serve(message);
        break;
      case 'abort':
        this.#leading?.abort(message.id);
        break;
      case 'bye':
        this.#leading?.forgetTab(message.tab);
        break;
      case 'hello':
        if (this.#leading) this.#postLeading(this.#leading);
        break;
      case 'appended':
        this.#reader.look();
        break;
      case 'kept':
        this.#leading?.look();
        break;
      case 'answer':
        if (message.tab === this.#id) this.#calls.answered(message);
        break;
      case 'progress':
        if (message.tab === this.#id) this.#calls.progressed(message.id, message.value);
        break;
      case 'forget':
        this.#end({ reason: 'signed out in another tab', code: 'closed', error: null });
        break;
      default:
        // Of a term that is over, or of one in which this tab has led: it will hear of that.
        if (!this.#leading && message.term >= this.#term) this.#follow(message);
    }
  }

  #follow(message: Extract<TabMessage, { readonly term: number }>): void {
    switch (message.kind) {
      case 'leading':
        this.#watch.heard();
        this.#state.become(message.standing);
        if (this.#calls.isAsking && message.term === this.#term) break;
        this.#term = message.term;
        this.#asks((call) => this.#post(call));
        this.#reader.look();
        break;
      case 'standing':
        this.#state.become(message.standing);
        break;
      case 'happened':
        void this.#tell(message.happened);
        break;
      case 'settled':
        this.sends.settled(message.id, outcomeOfTab(message.outcome));
        break;
      case 'closed': {
        const { reason, code, error } = message;
        this.#end({ reason, code, error: error && errorOfTab(error) });
      }
    }
  }

  /** Somebody leads who was not asked yet. */
  #asks(ask: (call: TabCall) => void): void {
    this.#calls.leads(ask);
    this.#tellWatched();
    const share = this.#share;
    if (share) this.sends.look(share).catch(ignore('this tab is put aside: it looks again'));
  }

  #tellWatched(): void {
    if (this.#state.isClosed || !this.#state.isStarted) return;
    void Promise.allSettled([this.ask('watch', [[...this.#watched]])]);
  }

  #postToLeader(message: TabMessage): void {
    if (this.#leading) this.#heard(message);
    else this.#post(message);
  }

  #postLeading({ standing }: LeadingTab): void {
    this.#post({ kind: 'leading', term: this.#term, standing });
  }

  #post(message: TabMessage): void {
    this.#share?.channel.post(message);
  }

  /** Nobody hears what they have posted themselves. */
  #postTo(tab: string, message: TabMessage): void {
    if (tab === this.#id) this.#heard(message);
    else this.#post(message);
  }

  // ---- told to the application --------------------------------------------------------------------

  #tell({ name, event }: Happened): Promise<void> | undefined {
    return this.#events.hand(name, event as never);
  }

  #fail(error: unknown): void {
    const known =
      error instanceof CimError ? error : new CimError('internal', describeError(error));
    void this.#leading?.close(0);
    this.#end({ reason: known.message, code: known.code, error: known });
  }

  #end(event: ClientEvents['closed']): void {
    this.#state.close(event, () => {
      this.#stopWatching();
      this.#leave();
      this.#sharing.resolve(undefined);
      this.sends.abandon();
      this.#calls.abandon();
      void this.#leadership.stop();
    });
  }
}
