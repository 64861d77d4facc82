/** How the page looks, and the account. */
import { useSignal } from '@preact/signals';
import { words } from '../i18n/words.ts';
import { unblock } from '../model/actions.ts';
import type { Chat } from '../model/chat.ts';
import { attempt } from '../model/notices.ts';
import { authMode, newSecret, signOut } from '../model/session.ts';
import {
  type Language,
  language,
  languages,
  type Theme,
  theme,
  themes,
} from '../model/settings.ts';
import { Avatar } from './avatar.tsx';
import { CopyLink } from './copy-link.tsx';
import { confirmed, Dialog } from './dialog.tsx';
import { ScheduledList } from './later.tsx';
import { Toggle } from './panel.tsx';

/** In their own words, whatever the page speaks. */
const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

export function SettingsDialog({
  chat,
  onClose,
}: {
  readonly chat: Chat;
  readonly onClose: () => void;
}) {
  const w = words.value;
  const showSecret = async () => {
    const secret = await chat.client.secret();
    onClose();
    newSecret.value = secret;
  };
  const leave = async () => {
    if (!(await confirmed(w.signOutText, w.signOut))) return;
    onClose();
    await signOut();
  };
  return (
    <Dialog title={w.settings} onClose={onClose}>
      <div class="profile row-profile">
        <Avatar target={{ to: chat.me.userId }} name={chat.me.userName} />
        <span class="who-text">
          <strong dir="auto">{chat.me.userName}</strong>
          <small>№ {chat.me.userId}</small>
        </span>
        <CopyLink chat={chat} />
      </div>
      <section>
        <h3>{w.appearance}</h3>
        <Segments<Theme>
          values={themes}
          names={w.themes}
          value={theme.value}
          onChoose={(value) => {
            theme.value = value;
          }}
        />
        <Segments<Language>
          values={languages}
          names={languageNames}
          value={language.value}
          onChoose={(value) => {
            language.value = value;
          }}
        />
      </section>
      <section>
        <h3>{w.scheduledMessages}</h3>
        <ScheduledList chat={chat} />
      </section>
      <BlockedPeople chat={chat} />
      <section>
        <h3>{w.account}</h3>
        <LastSeen chat={chat} />
        {authMode === 'secret' && (
          <button type="button" onClick={() => void attempt(showSecret)}>
            {w.signInElsewhere}
          </button>
        )}
        {authMode !== 'jwt' && (
          <button type="button" class="danger" onClick={() => void attempt(leave)}>
            {w.signOut}
          </button>
        )}
      </section>
      <Shortcuts />
    </Dialog>
  );
}

function Segments<Value extends string>({
  values,
  names,
  value,
  onChoose,
}: {
  readonly values: readonly Value[];
  readonly names: Readonly<Record<Value, string>>;
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <div class="segments">
      {values.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={value === each}
          onClick={() => onChoose(each)}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}

/** Nobody is asked how it is now: it is a wish that is told. */
function LastSeen({ chat }: { readonly chat: Chat }) {
  const isShown = useSignal(true);
  return (
    <Toggle
      name={words.value.lastSeenShown}
      isOn={isShown.value}
      onChange={(isOn) =>
        void attempt(async () => {
          await chat.client.showLastSeen(isOn);
          isShown.value = isOn;
        })
      }
    />
  );
}

function BlockedPeople({ chat }: { readonly chat: Chat }) {
  const { blocked } = chat;
  const w = words.value;
  if (blocked.value.length === 0) return null;
  return (
    <section>
      <h3>{w.blockedPeople}</h3>
      <ul class="rows">
        {blocked.value.map(({ userId, userName }) => (
          <li key={userId}>
            <Avatar target={{ to: userId }} name={userName} />
            <span class="row-text">
              <strong dir="auto">{userName}</strong>
            </span>
            <button type="button" onClick={() => void unblock(chat, userId)}>
              {w.unblock}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Shortcuts() {
  const { keyboard, shortcuts } = words.value;
  const keys: readonly (readonly [string, string])[] = [
    ['Ctrl K', shortcuts.search],
    ['Alt ↓', shortcuts.next],
    ['Alt ↑', shortcuts.previous],
    ['Alt N', shortcuts.newChat],
    ['Shift ⏎', shortcuts.newLine],
    ['↑', shortcuts.editLast],
    ['Esc', shortcuts.escape],
  ];
  return (
    <section>
      <h3>{keyboard}</h3>
      <dl class="shortcuts">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
