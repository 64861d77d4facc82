/** All conversations, and the ways to new ones. */
import { useSignal } from '@preact/signals';
import type { Ref } from 'preact';
import { type Invitation, lobby, type Target } from '../../client/sdk/index.ts';
import { shortTimeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import type { OpenConversation } from '../model/conversation.ts';
import { attempt } from '../model/notices.ts';
import { goTo } from '../model/place.ts';
import { keyOf, type TargetKey } from '../model/target.ts';
import { Avatar } from './avatar.tsx';
import { Icon, IconButton } from './icons.tsx';
import { summaryOf } from './message.tsx';
import { nameOf, titleOf } from './names.ts';
import { MessageSearch } from './search.tsx';

export function Sidebar({
  chat,
  selected,
  filterField,
  onNewChat,
  onSettings,
}: {
  readonly chat: Chat;
  readonly selected: TargetKey | undefined;
  readonly filterField: Ref<HTMLInputElement>;
  readonly onNewChat: () => void;
  readonly onSettings: () => void;
}) {
  const filter = useSignal('');
  const isSearching = useSignal(false);
  const w = words.value;
  const sought = filter.value.trim().toLocaleLowerCase();
  const shown = chat.list.value.filter(
    ({ target }) =>
      titleOf(chat, target).toLocaleLowerCase().includes(sought) || keyOf(target).includes(sought),
  );
  return (
    <nav class="sidebar" aria-label={w.conversations}>
      <header class="sidebar-header">
        <button type="button" class="who" onClick={onSettings} title={w.settings}>
          <Avatar target={{ to: chat.me.userId }} name={chat.me.userName} />
          <span class="who-text">
            <strong dir="auto">{chat.me.userName}</strong>
            <small>№ {chat.me.userId}</small>
          </span>
        </button>
        <IconButton icon="settings" name={w.settings} onClick={onSettings} />
        <IconButton icon="plus" name={w.newChat} kind="primary" onClick={onNewChat} />
      </header>
      <div class="search-field">
        <Icon name="search" />
        <input
          ref={filterField}
          type="search"
          placeholder={w.filter}
          aria-label={w.filter}
          value={filter.value}
          onInput={({ currentTarget }) => {
            filter.value = currentTarget.value;
            isSearching.value = false;
          }}
          onKeyDown={(event) => {
            const [first] = shown;
            if (event.key === 'Enter' && first) goTo(first.target);
            if (event.key !== 'Escape') return;
            filter.value = '';
            isSearching.value = false;
          }}
        />
      </div>
      <div class="list">
        {chat.invitations.value.map((invitation) => (
          <InvitationRow key={invitation.group} chat={chat} invitation={invitation} />
        ))}
        <ul>
          {shown.map((conversation) => (
            <li key={conversation.key}>
              <Row
                chat={chat}
                conversation={conversation}
                isSelected={conversation.key === selected}
              />
            </li>
          ))}
        </ul>
        {sought !== '' && !isSearching.value && (
          <button
            type="button"
            class="search-more"
            onClick={() => {
              isSearching.value = true;
            }}
          >
            <Icon name="search" />
            {w.searchMessages}
          </button>
        )}
        {isSearching.value && (
          <MessageSearch key={sought} chat={chat} keyword={filter.value.trim()} />
        )}
      </div>
    </nav>
  );
}

function InvitationRow({
  chat,
  invitation: { group, by },
}: {
  readonly chat: Chat;
  readonly invitation: Invitation;
}) {
  const w = words.value;
  const join = () =>
    attempt(async () => {
      await chat.client.joinGroup(group);
      await chat.refreshGroup(group);
      goTo({ group });
    });
  return (
    <div class="row invitation">
      <Avatar target={{ group }} name={group} />
      <span class="row-text">
        <strong dir="auto">{group}</strong>
        <span>{w.invitedBy(nameOf(chat, by))}</span>
      </span>
      <button type="button" class="primary" onClick={() => void join()}>
        {w.join}
      </button>
    </div>
  );
}

function Row({
  chat,
  conversation,
  isSelected,
}: {
  readonly chat: Chat;
  readonly conversation: OpenConversation;
  readonly isSelected: boolean;
}) {
  const { target, at, unread, muted, pinned } = conversation;
  const w = words.value;
  const title = titleOf(chat, target);
  const isOnline = 'to' in target && chat.people.presences.value.get(target.to)?.online === true;
  const count = unread.value;
  return (
    <button
      type="button"
      class={`row ${count > 0 ? 'unread' : ''} ${muted.value ? 'is-muted' : ''}`}
      aria-current={isSelected ? 'page' : undefined}
      onClick={() => goTo(target)}
    >
      <Avatar target={target} name={title} online={isOnline} />
      <span class="row-text">
        <span class="row-line">
          <strong dir="auto">{title}</strong>
          <time>{shortTimeOf(at.value)}</time>
        </span>
        <span class="row-line">
          <Preview chat={chat} conversation={conversation} />
          {muted.value && (
            <span class="mark" role="img" aria-label={w.muted}>
              <Icon name="muted" />
            </span>
          )}
          {pinned.value && (
            <span class="mark" role="img" aria-label={w.pinned}>
              <Icon name="pin" />
            </span>
          )}
          {count > 0 && (
            <span class="badge">
              <span aria-hidden="true">{count > 999 ? '999+' : count}</span>
              <span class="hidden">{w.unread(count)}</span>
            </span>
          )}
        </span>
      </span>
    </button>
  );
}

function Preview({
  chat,
  conversation: { draft, last, typing, target },
}: {
  readonly chat: Chat;
  readonly conversation: OpenConversation;
}) {
  const w = words.value;
  const [typist] = typing.value;
  if (typist !== undefined)
    return <span class="preview accent">{w.typing(nameOf(chat, typist))}</span>;
  if (draft.value.trim() !== '')
    return (
      <span class="preview">
        <em>{w.draft}:</em> {draft.value}
      </span>
    );
  const message = last.value;
  if (!message) return <span class="preview">{emptyPreview(target)}</span>;
  const isOwn = message.from === chat.me.userId;
  const author = isOwn ? w.you : 'group' in target ? nameOf(chat, message.from) : undefined;
  return (
    <span class="preview" dir="auto">
      {author !== undefined && `${author}: `}
      {summaryOf(message)}
    </span>
  );
}

/** Of a conversation in which nothing was said. */
function emptyPreview(target: Target): string {
  if ('to' in target) return `№ ${target.to}`;
  return target.group === lobby ? words.value.lobbyText : `#${target.group}`;
}
