/** One message, and what can be done with it. */

import { type Signal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { lobby, type Message } from '../../client/sdk/index.ts';
import { listOf, timeOf, wholeTimeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import { retract, toggleReaction } from '../model/actions.ts';
import type { InConversation } from '../model/chat.ts';
import { notify } from '../model/notices.ts';
import { Avatar, hueOf } from './avatar.tsx';
import { confirmed } from './dialog.tsx';
import { EmojiPicker } from './emoji.tsx';
import { FileView } from './file.tsx';
import { Icon, IconButton } from './icons.tsx';
import { nameOf } from './names.ts';
import { Menu, type MenuItem, Popup } from './popup.tsx';
import { RichText } from './rich-text.tsx';

type Opened = { readonly kind: 'menu' | 'emoji'; readonly anchor: HTMLElement };

export function MessageView({
  chat,
  conversation,
  message,
  isFirst,
}: InConversation & { readonly message: Message; readonly isFirst: boolean }) {
  const article = useRef<HTMLElement>(null);
  const opened = useSignal<Opened | undefined>(undefined);
  const isOwn = message.from === chat.me.userId;
  const isGroup = message.group !== undefined;
  const close = () => {
    opened.value = undefined;
  };
  const keys = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'r') conversation.composing.value = { kind: 'reply', message };
    else if (event.key === 'Enter') opened.value = { kind: 'menu', anchor: event.currentTarget };
    else return;
    event.preventDefault();
  };
  const { replyTo } = message;
  const name = nameOf(chat, message.from);
  return (
    <article
      ref={article}
      class={`message ${isOwn ? 'own' : 'other'} ${isFirst ? 'first' : ''}`}
      data-message={message.id}
      tabIndex={-1}
      aria-label={`${name}, ${wholeTimeOf(message.at)}`}
      onKeyDown={keys}
    >
      {isGroup && !isOwn && (
        <span class="message-avatar">
          {isFirst && <Avatar target={{ to: message.from }} name={name} />}
        </span>
      )}
      <div class="message-column">
        <div class="bubble">
          {isFirst && isGroup && !isOwn && (
            <strong class={`author hue-${hueOf({ to: message.from })}`}>{name}</strong>
          )}
          {replyTo !== undefined && <Quote chat={chat} conversation={conversation} id={replyTo} />}
          <Body chat={chat} conversation={conversation} message={message} />
          <Footer chat={chat} conversation={conversation} message={message} isOwn={isOwn} />
        </div>
        <Reactions chat={chat} conversation={conversation} message={message} />
      </div>
      {!message.retracted && !message.transient && (
        <Tools chat={chat} conversation={conversation} message={message} opened={opened} />
      )}
      {opened.value && (
        <Popup anchor={opened.value.anchor} onClose={close}>
          {opened.value.kind === 'menu' ? (
            <Menu items={menuOf({ chat, conversation }, message, opened)} onClose={close} />
          ) : (
            <EmojiPicker
              onPick={(emoji) => {
                close();
                void toggleReaction(chat, message, emoji);
              }}
            />
          )}
        </Popup>
      )}
    </article>
  );
}

function Body({ chat, message }: InConversation & { readonly message: Message }) {
  const w = words.value;
  if (message.retracted) return <p class="text gone">{w.retracted}</p>;
  if (message.unreadable) return <p class="text gone">{w.unreadable}</p>;
  if (message.file) return <FileView chat={chat} file={message.file} />;
  const isLarge = message.text.length <= 24 && onlyEmoji.test(message.text);
  return (
    <p class={`text ${isLarge ? 'large' : ''}`} dir="auto">
      <RichText text={message.text} />
    </p>
  );
}

/** At most three. */
const onlyEmoji = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

function Footer({
  conversation,
  message,
  isOwn,
}: InConversation & { readonly message: Message; readonly isOwn: boolean }) {
  const w = words.value;
  return (
    <span class="footer">
      {message.expected && (
        <span class="warning" title={w.unexpectedClear}>
          <Icon name="warning" />
          <span class="hidden">{w.unexpectedClear}</span>
        </span>
      )}
      {message.edited !== undefined && !message.retracted && <span>{w.edited}</span>}
      {message.encrypted && (
        <span title={w.encrypted}>
          <Icon name="lock" />
        </span>
      )}
      <time dateTime={new Date(message.at).toISOString()} title={wholeTimeOf(message.at)}>
        {timeOf(message.at)}
      </time>
      {isOwn && !message.transient && <TickView conversation={conversation} message={message} />}
    </span>
  );
}

function TickView({
  conversation,
  message,
}: Pick<InConversation, 'conversation'> & { readonly message: Message }) {
  const tick = message.group === lobby ? 'sent' : conversation.tickOf(message);
  const name = words.value[tick];
  return (
    <span class={`tick ${tick}`} role="img" aria-label={name} title={name}>
      <Icon name={tick === 'sent' ? 'check' : 'checks'} />
    </span>
  );
}

/** The message that is answered: a click shows it. */
function Quote({ chat, conversation, id }: InConversation & { readonly id: string }) {
  const w = words.value;
  const answered = conversation.timeline.find(id);
  return (
    <button
      type="button"
      class="quote"
      onClick={() => {
        conversation.jump.value = id;
      }}
    >
      <strong>{answered ? nameOf(chat, answered.from) : w.message}</strong>
      <span dir="auto">{answered ? summaryOf(answered) : w.originalGone}</span>
    </button>
  );
}

/** In one line. */
export function summaryOf(message: Message): string {
  const w = words.value;
  if (message.retracted) return w.retracted;
  if (message.unreadable) return w.unreadable;
  return message.file ? `📎 ${message.file.name}` : message.text;
}

function Reactions({ chat, message }: InConversation & { readonly message: Message }) {
  const byEmoji = new Map<string, number[]>();
  for (const { from, emoji } of message.reactions ?? [])
    for (const each of emoji) byEmoji.set(each, [...(byEmoji.get(each) ?? []), from]);
  if (byEmoji.size === 0 || message.retracted) return null;
  const w = words.value;
  return (
    <div class="reactions">
      {[...byEmoji].map(([emoji, people]) => {
        const names = listOf(people.map((userId) => nameOf(chat, userId)));
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            aria-pressed={people.includes(chat.me.userId)}
            aria-label={w.reactedBy(emoji, names)}
            title={names}
            onClick={() => void toggleReaction(chat, message, emoji)}
          >
            {emoji} {people.length > 1 && <span>{people.length}</span>}
          </button>
        );
      })}
    </div>
  );
}

function Tools({
  conversation,
  message,
  opened,
}: InConversation & { readonly message: Message; readonly opened: Signal<Opened | undefined> }) {
  const w = words.value;
  return (
    <div class={`tools ${opened.value ? 'open' : ''}`}>
      <IconButton
        icon="emoji"
        name={w.react}
        onClick={({ currentTarget: anchor }) => {
          opened.value = opened.peek() ? undefined : { kind: 'emoji', anchor };
        }}
      />
      <IconButton
        icon="reply"
        name={w.reply}
        onClick={() => {
          conversation.composing.value = { kind: 'reply', message };
        }}
      />
      <IconButton
        icon="more"
        name={w.more}
        onClick={({ currentTarget: anchor }) => {
          opened.value = opened.peek() ? undefined : { kind: 'menu', anchor };
        }}
      />
    </div>
  );
}

function menuOf(
  { chat, conversation }: InConversation,
  message: Message,
  opened: Signal<Opened | undefined>,
): readonly MenuItem[] {
  const w = words.value;
  const isOwn = message.from === chat.me.userId;
  const anchor = opened.peek()?.anchor;
  const react = () => {
    if (anchor) opened.value = { kind: 'emoji', anchor };
  };
  const compose = (kind: 'reply' | 'edit') => () => {
    conversation.composing.value = { kind, message };
  };
  const copy = async () => {
    await navigator.clipboard.writeText(message.text);
    notify(words.peek().copied);
  };
  const remove = async () => {
    const { deleteMessage, delete: yes } = words.peek();
    if (await confirmed(deleteMessage, yes)) await retract(chat, message);
  };
  return [
    { name: w.reply, act: compose('reply') },
    { name: w.react, act: react },
    ...(message.file ? [] : [{ name: w.copyText, act: () => void copy() }]),
    ...(isOwn && !message.file ? [{ name: w.edit, act: compose('edit') }] : []),
    ...(isOwn ? [{ name: w.delete, act: () => void remove(), isDanger: true }] : []),
  ];
}
