/** What the user says, and does with what was said. Refusals are told where they concern one message. */
import { conversationOf, type Message, type User } from '../../client/sdk/index.ts';
import type { Chat } from './chat.ts';
import type { OpenConversation } from './conversation.ts';
import { retracted, withReactions } from './message-changes.ts';
import { attempt } from './notices.ts';
import type { Pending } from './outbox.ts';

let keys = 0;

/** Of this browser alone, and of this start of the page. */
export function newKey(): string {
  keys += 1;
  return `${Date.now().toString(36)}.${keys}`;
}

/** Shows it at once, and sends it. */
export function say(
  chat: Chat,
  conversation: OpenConversation,
  text: string,
  extras: Pending['extras'],
): void {
  const saved = { key: newKey(), text, extras, at: Date.now() };
  const pending = { ...saved, state: 'sending' } as const;
  chat.unsent.add({ ...saved, target: conversation.key });
  conversation.pending.value = [...conversation.pending.peek(), pending];
  void send(chat, conversation, pending);
}

/** Once more, what has failed. */
export function sayAgain(chat: Chat, conversation: OpenConversation, pending: Pending): void {
  discard(chat, conversation, pending);
  say(chat, conversation, pending.text, pending.extras);
}

export function discard(chat: Chat, conversation: OpenConversation, { key }: Pending): void {
  chat.unsent.remove(key);
  conversation.settled(key);
}

async function send(chat: Chat, conversation: OpenConversation, pending: Pending): Promise<void> {
  const { target } = conversation;
  const { text, extras } = pending;
  try {
    const { id, seq, encrypted } = await chat.client.send(target, text, extras);
    const secrecy = encrypted && ({ encrypted: true, key: 'verified' } as const);
    const { userId: from, userName: fromName } = chat.me;
    const at = Date.now();
    discard(chat, conversation, pending);
    chat.sent(target, { id, from, fromName, ...target, text, ...extras, seq, at, ...secrecy });
  } catch (error) {
    chat.refuse(conversation, pending, error);
  }
}

export function replacePending(
  { pending }: OpenConversation,
  key: string,
  changes: Partial<Pending>,
): void {
  pending.value = pending.peek().map((each) => (each.key === key ? { ...each, ...changes } : each));
}

export async function edit(chat: Chat, message: Message, text: string): Promise<void> {
  await attempt(async () => {
    await chat.client.edit(message.id, text);
    change(chat, message, (each) => ({ ...each, text, edited: Date.now() }));
  });
}

export async function retract(chat: Chat, message: Message): Promise<void> {
  await attempt(async () => {
    await chat.client.retract(message.id);
    change(chat, message, retracted);
  });
}

/** Adds the reaction of the user, or takes it back. */
export async function toggleReaction(chat: Chat, message: Message, emoji: string): Promise<void> {
  const { userId } = chat.me;
  const mine = message.reactions?.find(({ from }) => from === userId)?.emoji ?? [];
  const next = mine.includes(emoji) ? mine.filter((each) => each !== emoji) : [...mine, emoji];
  await attempt(async () => {
    await chat.client.react(message.id, next);
    change(chat, message, (each) => withReactions(each, userId, next));
  });
}

function change(chat: Chat, { id }: Message, changed: (message: Message) => Message): void {
  chat.at(conversationOf(id, chat.me.userId)).change(id, changed);
}

export async function setMuted(chat: Chat, conversation: OpenConversation, isOn: boolean) {
  await attempt(async () => {
    await chat.client.setMuted(conversation.target, isOn);
    conversation.muted.value = isOn;
    chat.tellTabs();
  });
}

export async function setPinned(chat: Chat, conversation: OpenConversation, isOn: boolean) {
  await attempt(async () => {
    await chat.client.setPinned(conversation.target, isOn);
    conversation.pinned.value = isOn;
    chat.tellTabs();
  });
}

export async function block(chat: Chat, user: User): Promise<void> {
  await attempt(async () => {
    await chat.client.block(user.userId);
    chat.blocked.value = [...chat.blocked.peek(), user];
    chat.tellTabs();
  });
}

export async function unblock(chat: Chat, userId: number): Promise<void> {
  await attempt(async () => {
    await chat.client.unblock(userId);
    chat.blocked.value = chat.blocked.peek().filter((each) => each.userId !== userId);
    chat.tellTabs();
  });
}

/** The user sees its newest messages. */
export function markSeen(chat: Chat, conversation: OpenConversation): void {
  if (conversation.unread.peek() === 0) return;
  for (const message of conversation.timeline.newest()) {
    if (message.transient || message.from === chat.me.userId) continue;
    chat.client.markRead(message);
    break;
  }
  conversation.unread.value = 0;
}
