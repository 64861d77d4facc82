/** The whole page: who is signed in decides what it is. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import { dismiss, notices } from '../model/notices.ts';
import { goTo, place } from '../model/place.ts';
import { newSecret, session } from '../model/session.ts';
import { keyOf } from '../model/target.ts';
import { ConversationView } from './conversation.tsx';
import { CopyLink } from './copy-link.tsx';
import { Questions } from './dialog.tsx';
import { Icon, IconButton } from './icons.tsx';
import { NewChatDialog } from './new-chat.tsx';
import { SecretDialog } from './secret.tsx';
import { SettingsDialog } from './settings.tsx';
import { Sidebar } from './sidebar.tsx';
import { Logo, Welcome } from './welcome.tsx';

export function App() {
  const current = session.value;
  const w = words.value;
  return (
    <>
      {current.status === 'out' && <Welcome problem={current.problem} />}
      {current.status === 'entering' && (
        <main class="welcome" aria-busy="true">
          <Logo />
          <h1 class="entering">{w.entering}</h1>
        </main>
      )}
      {current.status === 'in' && <ChatView key={current.chat.me.userId} chat={current.chat} />}
      <Questions />
      <Notices />
    </>
  );
}

type OpenDialog = 'new-chat' | 'settings';

function ChatView({ chat }: { readonly chat: Chat }) {
  const dialog = useSignal<OpenDialog | undefined>(undefined);
  const filterField = useRef<HTMLInputElement>(null);
  const target = place.value;
  const w = words.value;
  useSignalEffect(() => {
    const count = chat.unread.value;
    document.title = count > 0 ? `(${count}) cim` : 'cim';
  });
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const { key, altKey, ctrlKey, metaKey } = event;
      if ((ctrlKey || metaKey) && key === 'k') filterField.current?.focus();
      else if (altKey && key === 'ArrowDown') step(chat, 1);
      else if (altKey && key === 'ArrowUp') step(chat, -1);
      else if (altKey && key.toLowerCase() === 'n') dialog.value = 'new-chat';
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', keys);
    return () => window.removeEventListener('keydown', keys);
  }, [chat, dialog]);
  const openNewChat = () => {
    dialog.value = 'new-chat';
  };
  const close = () => {
    dialog.value = undefined;
  };
  return (
    <div class={`chat ${target ? 'has-conversation' : ''}`}>
      <ConnectionBar chat={chat} />
      <div class="columns">
        <Sidebar
          chat={chat}
          selected={target && keyOf(target)}
          filterField={filterField}
          onNewChat={openNewChat}
          onSettings={() => {
            dialog.value = 'settings';
          }}
        />
        {target ? (
          <ConversationView key={keyOf(target)} chat={chat} conversation={chat.at(target)} />
        ) : (
          <main class="nothing-open">
            <Logo />
            <h1>{w.choose}</h1>
            <p>{w.nobodyYetText}</p>
            <p class="actions">
              <button type="button" class="primary" onClick={openNewChat}>
                {w.newChat}
              </button>
              <CopyLink chat={chat} />
            </p>
          </main>
        )}
      </div>
      {dialog.value === 'new-chat' && <NewChatDialog chat={chat} onClose={close} />}
      {dialog.value === 'settings' && <SettingsDialog chat={chat} onClose={close} />}
      {newSecret.value !== undefined && (
        <SecretDialog
          chat={chat}
          secret={newSecret.value}
          onClose={() => {
            newSecret.value = undefined;
          }}
        />
      )}
    </div>
  );
}

/** Says so when what is shown may be old, and what happens to what is written. */
function ConnectionBar({ chat }: { readonly chat: Chat }) {
  const isOnline = useSignal(navigator.onLine);
  useEffect(() => {
    const look = () => {
      isOnline.value = navigator.onLine;
    };
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    return () => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    };
  }, [isOnline]);
  const w = words.value;
  const isReady = chat.state.value === 'ready';
  const waiting = chat.waiting.value;
  const text = isReady
    ? waiting !== undefined && w.waiting(waiting)
    : isOnline.value
      ? w.reconnecting
      : w.offline;
  return (
    <div class="connection" role="status">
      {text && (
        <p>
          <Icon name="offline" />
          {text}
        </p>
      )}
    </div>
  );
}

function Notices() {
  const w = words.value;
  return (
    <div class="notices" role="status">
      {notices.value.map(({ key, text, kind }) => (
        <p key={key} class={`notice ${kind}`}>
          {text}
          <IconButton icon="close" name={w.close} onClick={() => dismiss(key)} />
        </p>
      ))}
    </div>
  );
}

/** To the conversation above or below in the list. */
function step(chat: Chat, by: 1 | -1): void {
  const list = chat.list.peek();
  const target = place.peek();
  const at = target ? list.findIndex(({ key }) => key === keyOf(target)) : -1;
  const next = list[at === -1 ? 0 : at + by];
  if (next) goTo(next.target);
}
