/**
 * Finding words in messages, in one conversation or in all. It is done here, a page of the history after
 * the other: only this device can read what is encrypted.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Message, Target } from '../../client/sdk/index.ts';
import { shortTimeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import type { Chat, InConversation } from '../model/chat.ts';
import { attempt } from '../model/notices.ts';
import { goTo } from '../model/place.ts';
import { targetOfMessage } from '../model/target.ts';
import { summaryOf } from './message.tsx';
import { nameOf, titleOf } from './names.ts';
import { Panel } from './panel.tsx';

/** Found before the user is asked whether to go on. */
const foundAtOnce = 20;
/** Pages of the history that are looked through at once. */
const pagesAtOnce = 25;
const pageMessages = 200;
const waitMs = 250;

export function SearchPanel({
  chat,
  conversation,
  onClose,
}: InConversation & { readonly onClose: () => void }) {
  const field = useSignal('');
  const keyword = useSignal('');
  useEffect(() => {
    const timer = setTimeout(() => {
      keyword.value = field.value.trim();
    }, waitMs);
    return () => clearTimeout(timer);
  }, [field.value, keyword]);
  const w = words.value;
  return (
    <Panel title={w.search} onClose={onClose}>
      <input
        type="search"
        class="panel-search"
        aria-label={w.searchMessages}
        placeholder={w.searchMessages}
        autofocus
        value={field.value}
        onInput={({ currentTarget }) => {
          field.value = currentTarget.value;
        }}
      />
      {keyword.value !== '' && (
        <MessageSearch
          key={keyword.value}
          chat={chat}
          keyword={keyword.value}
          target={conversation.target}
        />
      )}
    </Panel>
  );
}

/** In all conversations, if there is no `target`. */
export function MessageSearch({
  chat,
  keyword,
  target,
}: {
  readonly chat: Chat;
  readonly keyword: string;
  readonly target?: Target;
}) {
  const found = useSignal<readonly Message[]>([]);
  const before = useSignal<string | null | undefined>(undefined);
  const isBusy = useSignal(false);
  const look = async (isWanted: () => boolean) => {
    isBusy.value = true;
    const wanted = found.peek().length + foundAtOnce;
    await attempt(async () => {
      for (let pages = 0; pages < pagesAtOnce && found.peek().length < wanted; pages++) {
        if (before.peek() === null || !isWanted()) return;
        const next = before.peek();
        const page = await chat.client.history({
          ...(target && ('to' in target ? { peer: target.to } : { group: target.group })),
          ...(typeof next === 'string' && { before: next }),
          keyword,
          limit: pageMessages,
        });
        found.value = [...found.peek(), ...page.messages.toReversed()];
        before.value = page.next;
      }
    });
    isBusy.value = false;
  };
  useEffect(() => {
    let isShown = true;
    void look(() => isShown);
    return () => {
      isShown = false;
    };
  }, []);
  const w = words.value;
  return (
    <div class="found-list">
      <ul>
        {found.value.map((message) => (
          <li key={message.id}>
            <Found chat={chat} message={message} isInOne={target !== undefined} />
          </li>
        ))}
      </ul>
      {isBusy.value && <p class="aside">{w.loading}</p>}
      {!isBusy.value && before.value !== null && (
        <button type="button" class="link" onClick={() => void look(() => true)}>
          {w.more}
        </button>
      )}
      {!isBusy.value && before.value === null && found.value.length === 0 && (
        <p class="aside" role="status">
          {w.noMatches}
        </p>
      )}
    </div>
  );
}

function Found({
  chat,
  message,
  isInOne,
}: {
  readonly chat: Chat;
  readonly message: Message;
  readonly isInOne: boolean;
}) {
  const where = targetOfMessage(message, chat.me.userId);
  return (
    <button
      type="button"
      class="row"
      onClick={() => {
        goTo(where);
        chat.at(where).jump.value = message.id;
      }}
    >
      <span class="row-text">
        <span class="row-line">
          <strong>{isInOne ? nameOf(chat, message.from) : titleOf(chat, where)}</strong>
          <time>{shortTimeOf(message.at)}</time>
        </span>
        <span class="preview" dir="auto">
          {summaryOf(message)}
        </span>
      </span>
    </button>
  );
}
