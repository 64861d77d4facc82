/**
 * What the signed-in user has: their conversations and people, kept as the client's events say. What
 * the user does with them is in actions.ts, files.ts and groups.ts.
 */
import { batch, computed, type Signal, signal } from '@preact/signals';
import { ignore } from '../../base/ignore.ts';
import type { TabClient } from '../../client/sdk/browser/index.ts';
import {
  type CimError,
  type ClientState,
  conversationOf,
  type Invitation,
  lobby,
  type Message,
  type Target,
  type User,
} from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import { OpenConversation } from './conversation.ts';
import { retracted, withReactions } from './message-changes.ts';
import { attempt, notify, reasonOf } from './notices.ts';
import { isAmong, type Pending, Unsent } from './outbox.ts';
import { People } from './people.ts';
import {
  keyOf,
  type TargetKey,
  targetOf,
  targetOfConversation,
  targetOfMessage,
} from './target.ts';

/** Conversations that are asked for: pages of a hundred. */
const listPagesMax = 5;
/** People whose coming and going is watched: those of the conversations that moved last. */
const watchedMax = 200;
/** People whose names are asked for at a login. */
const askedNamesMax = 100;
/** Messages that are asked for at a time. */
const historyPage = 100;
/** So many are there before anybody scrolls, if there are that many: edits and reactions are none. */
const firstMessagesMin = 30;
/** Messages of this browser that are shown while nobody can be asked, of all conversations and of one. */
const keptMessages = 200;

export class Chat {
  readonly client: TabClient;
  readonly me: User;
  readonly people: People;
  readonly unsent: Unsent;
  readonly state: Signal<ClientState> = signal('idle');
  /** Messages that wait because what should store them refuses, and why. */
  readonly waiting: Signal<string | undefined> = signal(undefined);
  readonly invitations: Signal<readonly Invitation[]> = signal([]);
  readonly blocked: Signal<readonly User[]> = signal([]);
  /** The list was read once: what is not in it is not there. */
  readonly isListed = signal(false);
  readonly #account: string;
  readonly #conversations = signal<ReadonlyMap<TargetKey, OpenConversation>>(new Map());
  readonly #watched = new Set<number>();
  /** To the other tabs, of what they are told by no event. */
  readonly #tabs: BroadcastChannel;

  constructor(client: TabClient, me: User) {
    this.client = client;
    this.me = me;
    this.#account = String(me.userId);
    this.people = new People(this.#account, me);
    this.unsent = new Unsent(this.#account);
    this.at({ group: lobby });
    this.#tabs = new BroadcastChannel(`cim.web.${this.#account}`);
    this.#tabs.addEventListener('message', () => {
      if (this.state.peek() === 'ready') void attempt(() => this.refresh());
    });
    this.#listen();
  }

  /** Pinned ones first, then the newest. */
  readonly list = computed(() =>
    [...this.#conversations.value.values()].sort(
      (one, other) =>
        Number(other.pinned.value) - Number(one.pinned.value) ||
        other.at.value - one.at.value ||
        (one.key < other.key ? -1 : 1),
    ),
  );

  /** In all that are not muted. */
  readonly unread = computed(() =>
    this.list.value.reduce((sum, { muted, unread }) => sum + (muted.value ? 0 : unread.value), 0),
  );

  /** The conversation, which begins here if there is none yet. */
  at(target: Target): OpenConversation {
    const key = keyOf(target);
    const known = this.#conversations.peek().get(key);
    if (known) return known;
    const conversation = new OpenConversation(target, this.#account);
    this.#conversations.value = new Map(this.#conversations.peek()).set(key, conversation);
    return conversation;
  }

  /** The conversation, if there is one. */
  find(target: Target): OpenConversation | undefined {
    return this.#conversations.value.get(keyOf(target));
  }

  remove({ key }: OpenConversation): void {
    const rest = new Map(this.#conversations.peek());
    rest.delete(key);
    this.#conversations.value = rest;
  }

  /** The user looks at it: its messages, and how far others have got. */
  async open(conversation: OpenConversation): Promise<void> {
    const { loading, target } = conversation;
    const before = loading.peek();
    if (before === 'loading' || before === 'more' || before === 'whole') return;
    if (this.state.peek() !== 'ready') {
      if (before === 'new') await this.#showKept(conversation);
      return;
    }
    await this.loadOlder(conversation);
    if ('to' in target) {
      this.#watch([target.to]);
      await this.#learnNames([target.to]);
    }
    if ('group' in target && target.group === lobby) return;
    await this.client.followMarks(target).catch(ignore('what moves is told anyway'));
  }

  async #showKept(conversation: OpenConversation): Promise<void> {
    const { target, loading } = conversation;
    loading.value = 'loading';
    const page = await this.client.stored({ with: target, limit: keptMessages });
    batch(() => {
      this.#learnFrom(page.messages);
      conversation.read(page.messages);
      loading.value = 'kept';
    });
  }

  /** The conversations as this browser has them, until somebody can be asked. */
  async showKeptList(): Promise<void> {
    const { messages } = await this.client.stored({ limit: keptMessages });
    if (this.isListed.peek()) return;
    batch(() => {
      this.#learnFrom(messages);
      for (const message of messages)
        this.at(targetOfMessage(message, this.me.userId)).known(message);
    });
  }

  /** Not all of what has happened was told to this page: what it shows is read anew. */
  async outdated(): Promise<void> {
    for (const conversation of this.list.peek()) conversation.outdated();
    await this.refresh();
  }

  async loadOlder(conversation: OpenConversation): Promise<void> {
    const { loading, timeline, target } = conversation;
    const known = loading.peek();
    if (known === 'loading' || known === 'whole') return;
    loading.value = 'loading';
    try {
      const wanted = timeline.size + firstMessagesMin;
      while (conversation.before !== null && timeline.size < wanted) {
        const page = await this.client.history({
          ...('to' in target ? { peer: target.to } : { group: target.group }),
          ...(conversation.before !== undefined && { before: conversation.before }),
          limit: historyPage,
        });
        batch(() => {
          this.#learnFrom(page.messages);
          conversation.read(page.messages);
          conversation.before = page.next;
          if (page.expired) conversation.isExpired.value = true;
        });
      }
      loading.value = conversation.before === null ? 'whole' : 'more';
    } catch (error) {
      loading.value = 'failed';
      throw error;
    }
  }

  /** An own message that is stored. */
  sent(target: Target, message: Message): void {
    this.at(target).take(message, true);
  }

  /** What earlier pages have left: what waits is sent by now, of the rest the user decides. */
  async showPending(): Promise<void> {
    const waiting: Message[] = [];
    for (const pending of await this.client.pending())
      if (pending.name === 'message') waiting.push(pending.event);
    for (const { target: key, ...saved } of this.unsent.load()) {
      const target = targetOf(key);
      const stored = target && (await this.client.stored({ with: target, limit: keptMessages }));
      if (stored && !isAmong([...stored.messages, ...waiting], this.me.userId, saved))
        this.#wait(target, { ...saved, state: 'failed' });
      else this.unsent.remove(saved.key);
    }
    for (const { id: key, text, replyTo, at, ...message } of waiting) {
      const extras = replyTo === undefined ? {} : { replyTo };
      const target = targetOfMessage(message, this.me.userId);
      this.#wait(target, { key, text, extras, at, state: 'sending' });
    }
  }

  #wait(target: Target, pending: Pending): void {
    const { pending: all } = this.at(target);
    if (!all.peek().some(({ key }) => key === pending.key)) all.value = [...all.peek(), pending];
  }

  /** It is not stored: the user decides what becomes of it. */
  refuse(conversation: OpenConversation, pending: Pending, error: unknown): void {
    const { key, text, extras, at } = pending;
    this.unsent.remove(key);
    const state = (error as Partial<CimError>).kind === 'unconfirmed' ? 'unsure' : 'failed';
    this.unsent.add({ key, text, extras, at, target: conversation.key });
    conversation.pending.value = conversation.pending
      .peek()
      .map((each) => (each.key === key ? { ...each, state, reason: reasonOf(error) } : each));
  }

  /** Something is not as it was that no event tells: the other tabs ask. */
  tellTabs(): void {
    this.#tabs.postMessage('changed');
  }

  /** Nobody is signed in here any more. */
  end(): void {
    this.#tabs.close();
  }

  /** All that routes know: after each login. */
  async refresh(): Promise<void> {
    const { client } = this;
    let before: string | null | undefined;
    for (let pages = 0; pages < listPagesMax && before !== null; pages++) {
      const page = await client.conversations({ limit: 100, ...(before && { before }) });
      batch(() => {
        for (const listed of page.conversations) {
          if (listed.last) this.#learnFrom([listed.last]);
          this.at(targetOfConversation(listed)).update(listed);
        }
      });
      before = page.next;
    }
    const memberships = await client.groups();
    batch(() => {
      for (const membership of memberships)
        this.at({ group: membership.group }).group.value = membership;
      this.isListed.value = true;
    });
    const peers = this.list.peek().flatMap(({ target }) => ('to' in target ? [target.to] : []));
    this.#watch(peers.slice(0, watchedMax));
    await this.#learnNames(peers);
    this.invitations.value = await client.invitations();
    this.blocked.value = await client.blocked();
    this.people.learn(this.blocked.peek());
  }

  /** Whose names no message here says. */
  async #learnNames(userIds: readonly number[]): Promise<void> {
    const unnamed = userIds.filter((userId) => this.people.nameOf(userId) === undefined);
    if (unnamed.length === 0) return;
    const users = await this.client
      .users(unnamed.slice(0, askedNamesMax))
      .catch(ignore('nobody is asked for by number here: a number it is'));
    this.people.learn(users ?? []);
  }

  #watch(userIds: readonly number[]): void {
    const news = userIds.filter(
      (userId) => !this.#watched.has(userId) && userId !== this.me.userId,
    );
    const room = news.slice(0, watchedMax - this.#watched.size);
    if (room.length === 0) return;
    for (const userId of room) this.#watched.add(userId);
    this.client.watchPresence(room);
  }

  #learnFrom(messages: readonly Message[]): void {
    this.people.learn(messages.map(({ from, fromName }) => ({ userId: from, userName: fromName })));
  }

  #listen(): void {
    const { client, me } = this;
    client.on('state', ({ state }) => {
      this.state.value = state;
      if (state !== 'ready') this.people.forgetPresences();
    });
    client.on('ready', () => {
      this.waiting.value = undefined;
      void attempt(() => this.refresh());
    });
    client.on('gap', () => void attempt(() => this.outdated()));
    client.on('keyChanged', ({ userId }) => {
      const { keyNews, userNumber } = words.peek();
      notify(keyNews(this.people.nameOf(userId) ?? userNumber(userId)), 'problem');
    });
    client.on('waiting', ({ reason }) => {
      this.waiting.value = reason;
    });
    client.on('message', (message) =>
      batch(() => {
        this.waiting.value = undefined;
        this.#learnFrom([message]);
        const target = targetOfMessage(message, me.userId);
        this.at(target).take(message, message.from === me.userId);
        if ('to' in target) this.#watch([target.to]);
      }),
    );
    client.on('refused', ({ id, error }) => {
      const conversation = this.at(conversationOf(id, me.userId));
      const pending = conversation.pending.peek().find(({ key }) => key === id);
      if (pending) this.refuse(conversation, pending, error);
    });
    client.on('edited', ({ id, text, at, mentions, ...doing }) => {
      this.#change(doing, id, (message) => ({
        ...message,
        ...{ text, edited: at },
        ...(mentions && { mentions }),
      }));
    });
    client.on('retracted', ({ id, ...doing }) => this.#change(doing, id, retracted));
    client.on('reactions', ({ id, from, emoji, ...doing }) => {
      this.#change({ ...doing, from }, id, (message) => withReactions(message, from, emoji));
    });
    client.on('delivered', (mark) => this.#mark('delivered', mark));
    client.on('read', (mark) => this.#mark('read', mark));
    client.on('typing', ({ from, group, ended }) => {
      const { typing } = this.at(group === undefined ? { to: from } : { group });
      const others = typing.peek().filter((userId) => userId !== from);
      typing.value = ended ? others : [...others, from];
    });
    client.on('presence', (presence) => this.people.presence(presence));
    client.on('joined', ({ group }) => void this.refreshGroup(group));
    client.on('left', ({ group }) => {
      this.at({ group }).group.value = undefined;
    });
    client.on('groupChanged', (facts) => {
      this.at({ group: facts.group }).group.value = facts;
    });
    client.on('invited', (invitation) => {
      const others = this.invitations.peek().filter(({ group }) => group !== invitation.group);
      this.invitations.value = [invitation, ...others];
    });
  }

  async refreshGroup(group: string): Promise<void> {
    const membership = await this.client
      .groupInfo(group)
      .catch(ignore('it was left again, or nobody answers: the next login asks'));
    if (!membership) return;
    this.at({ group }).group.value = membership;
    this.invitations.value = this.invitations.peek().filter((each) => each.group !== group);
  }

  /** What becomes of a message that may be here. */
  #change(
    { from, to, group }: Pick<Message, 'from' | 'to' | 'group'>,
    id: string,
    changed: (message: Message) => Message,
  ): void {
    const where = { from, ...(group === undefined ? { to: to ?? 0 } : { group }) };
    this.at(targetOfMessage(where, this.me.userId)).change(id, changed);
  }

  #mark(
    kind: 'delivered' | 'read',
    mark: { readonly by: number; readonly upTo: string; readonly group?: string },
  ): void {
    const { by, upTo, group } = mark;
    if (by !== this.me.userId) {
      this.at(group === undefined ? { to: by } : { group }).mark(kind, mark);
      return;
    }
    // Read on another device: of whom it was is in the id.
    if (kind !== 'read') return;
    const from = Number(upTo.split('.', 1)[0]);
    const conversation = this.at(group === undefined ? { to: from } : { group });
    conversation.readElsewhere(upTo);
  }
}

/** What is done within one conversation. */
export interface InConversation {
  readonly chat: Chat;
  readonly conversation: OpenConversation;
}
