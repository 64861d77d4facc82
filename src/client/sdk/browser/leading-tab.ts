/**
 * What the tab does that leads: it has the one CimClient of the device, writes what comes into the
 * journal before that is acknowledged, and does what all tabs ask.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { CimClient } from '../client.ts';
import type { ClientEventName, ClientEvents, Message } from '../client-events.ts';
import type { CimClientOptions } from '../client-options.ts';
import { type ContentEvent, conversationOf } from '../content/contents.ts';
import type { FileProgress } from '../files/transfer.ts';
import { LeadersOutbox, type LeadersOutboxOptions } from './leaders-outbox.ts';
import { presenceOfTabs } from './presence-of-tabs.ts';
import {
  type Happened,
  type Standing,
  type TabAnswer,
  type TabCall,
  tabErrorOf,
} from './tab-channel.ts';

type KeptOptions = Pick<LeadersOutboxOptions, 'journal' | 'outbox' | 'send' | 'onSettled'>;

export interface LeadingTabOptions {
  readonly client: CimClientOptions;
  /** Undefined: this tab is alone, as nothing can be kept here. */
  readonly kept: KeptOptions | undefined;
  readonly term: number;
  /** Whether no later term has begun. */
  readonly isCurrent: () => Promise<boolean>;
  readonly onStanding: (standing: Standing) => void;
  /** Tells all tabs; undefined: nobody needs to be waited for. */
  readonly tell: (happened: Happened) => Promise<void> | undefined;
  /** How far a call of a tab is. */
  readonly onProgress: (tab: string, id: string, progress: FileProgress) => void;
  /** All tabs find it in the journal. */
  readonly onAppended: () => void;
  /** For good, and for all tabs. */
  readonly onClosed: (event: ClientEvents['closed']) => void;
}

/** Told as they happen, and in no journal. */
const passing = [
  ...(['unreadable', 'gap', 'joined', 'left', 'invited', 'groupChanged', 'groupNews'] as const),
  ...(['keyChanged', 'waiting', 'typing', 'presence', 'delivered', 'read'] as const),
  ...(['offline', 'warning'] as const),
] satisfies ClientEventName[];

const content = ['message', 'edited', 'retracted', 'reactions'] as const;

export class LeadingTab {
  readonly #options: LeadingTabOptions;
  readonly #client: CimClient;
  readonly #outbox: LeadersOutbox | undefined;
  readonly #presence: ReturnType<typeof presenceOfTabs>;
  readonly #aborting = new Map<string, AbortController>();
  #ready: ClientEvents['ready'] | undefined;
  #isClosing = false;
  #hasFailedToKeep = false;

  constructor(options: LeadingTabOptions) {
    this.#options = options;
    const outbox = options.kept && this.#outboxOf(options.kept);
    this.#outbox = outbox;
    const client = new CimClient({ ...options.client, ...(outbox && { outbox }) });
    this.#client = client;
    this.#presence = presenceOfTabs({
      client,
      onKnown: (event) => this.#pass({ name: 'presence', event }),
    });
    for (const name of passing) client.on(name, (event) => this.#pass({ name, event } as Happened));
    for (const name of content)
      client.on(name, (event) => this.#take({ name, event } as ContentEvent));
    client.on('presence', (presence) => this.#presence.moved(presence));
    client.on('state', ({ state }) => {
      if (state !== 'ready') this.#presence.lost();
      // What follows says where it is ready.
      if (state !== 'closed' && state !== 'ready') this.#stand();
    });
    client.on('ready', (ready) => {
      this.#ready = ready;
      this.#stand();
    });
    for (const name of ['joined', 'left'] as const) client.on(name, () => this.#stand());
    client.on('closed', (event) => this.#closed(event));
  }

  get standing(): Standing {
    const { state, followedGroups } = this.#client;
    return { state, groups: followedGroups, ...(this.#ready && { ready: this.#ready }) };
  }

  /** Connects; what becomes of that is told by events. */
  start(): void {
    // It is told as `closed`.
    void Promise.allSettled([this.#client.start()]);
  }

  /** Never rejects. */
  async serve(call: TabCall): Promise<TabAnswer> {
    const { tab, id, method } = call;
    try {
      const result = await this.#call(call);
      if (method.endsWith('Group')) this.#stand();
      return { kind: 'answer', tab, id, result };
    } catch (error) {
      const isNotDone = isUnavailable(error) && !(await this.#options.isCurrent());
      return { kind: 'answer', tab, id, error: tabErrorOf(error), ...(isNotDone && { isNotDone }) };
    } finally {
      this.#aborting.delete(id);
    }
  }

  /** A tab has put something into the outbox. */
  look(): void {
    this.#outbox?.look();
  }

  /** Whoever has asked does not want it any more. */
  abort(id: string): void {
    this.#aborting.get(id)?.abort();
  }

  /** A tab is gone. */
  forgetTab(tab: string): void {
    this.#presence.watch(tab, []);
  }

  /** For whoever leads next, or for good. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#client.close({ timeoutMs });
  }

  async #call({ tab, id, method, given }: TabCall): Promise<unknown> {
    if (method === 'watch') return this.#presence.watch(tab, given[0] as readonly number[]);
    const client = this.#client as unknown as Record<string, (...given: unknown[]) => unknown>;
    const isFile = method === 'uploadFile';
    const call = () => client[method]?.(...(isFile ? this.#withProgress(tab, id, given) : given));
    const result = await (this.#outbox ? this.#outbox.as(tab, call) : call());
    if (method === 'markRead')
      this.#toldRead(given[0] as Message | string, this.#options.client.userId);
    return result;
  }

  #outboxOf(kept: KeptOptions): LeadersOutbox {
    const { term, onAppended } = this.#options;
    return new LeadersOutbox({
      ...kept,
      term,
      onSettled: (id, outcome) => {
        kept.onSettled(id, outcome);
        onAppended();
      },
      onUnusable: (reason) => this.#warn(`nothing is kept in this browser: ${reason}`),
    });
  }

  /** The other tabs, as another device would be. */
  #toldRead(message: Message | string, by: number): void {
    const [upTo, place] =
      typeof message === 'string' ? [message, conversationOf(message, by)] : [message.id, message];
    const group = 'group' in place && { group: place.group };
    this.#pass({ name: 'read', event: { by, upTo, ...group } });
  }

  /** What cannot cross from tab to tab does so as messages. */
  #withProgress(tab: string, id: string, [target, blob, facts]: readonly unknown[]): unknown[] {
    const aborting = new AbortController();
    this.#aborting.set(id, aborting);
    const onProgress = (value: FileProgress) => this.#options.onProgress(tab, id, value);
    return [target, blob, { ...(facts as object), signal: aborting.signal, onProgress }];
  }

  /** Acknowledged when it is in the journal. Rejects if this tab does not lead any more. */
  #take(happened: ContentEvent): Promise<void> | undefined {
    if (happened.name === 'message' && happened.event.transient)
      return this.#options.tell(happened);
    return this.#keep(happened);
  }

  async #keep(happened: ContentEvent): Promise<void> {
    const { kept, term, tell, onAppended } = this.#options;
    if (!kept) return tell(happened);
    try {
      await kept.journal.append(term, happened);
      onAppended();
    } catch (error) {
      if (error instanceof CimError) throw error;
      this.#warn(`messages are not kept in this browser: ${describeError(error)}`);
      await tell(happened);
    }
  }

  #warn(message: string): void {
    if (this.#hasFailedToKeep) return;
    this.#hasFailedToKeep = true;
    this.#pass({ name: 'warning', event: { kind: 'state-not-saved', message } });
  }

  #pass(happened: Happened): void {
    void this.#options.tell(happened);
  }

  #stand(): void {
    this.#options.onStanding(this.standing);
  }

  /** For all tabs, unless it is by another one that has taken the lead. */
  async #closed(event: ClientEvents['closed']): Promise<void> {
    if (this.#isClosing || !(await this.#options.isCurrent())) return;
    this.#options.onClosed(event);
  }
}

/** It was closed before it did anything. */
function isUnavailable(error: unknown): boolean {
  return error instanceof CimError && error.kind === 'unavailable';
}
