/** Beginning to talk: with somebody who is online, with a number, in a group. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Target, User } from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import { attempt } from '../model/notices.ts';
import { goTo } from '../model/place.ts';
import { Avatar } from './avatar.tsx';
import { CopyLink } from './copy-link.tsx';
import { Dialog } from './dialog.tsx';
import { Toggle } from './panel.tsx';

type Tab = 'person' | 'group';

interface Of {
  readonly chat: Chat;
  readonly onClose: () => void;
}

export function NewChatDialog({ chat, onClose }: Of) {
  const tab = useSignal<Tab>('person');
  const w = words.value;
  const names: Readonly<Record<Tab, string>> = { person: w.withPerson, group: w.withGroup };
  return (
    <Dialog title={w.newChat} onClose={onClose}>
      <div class="segments">
        {(['person', 'group'] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={tab.value === each}
            onClick={() => {
              tab.value = each;
            }}
          >
            {names[each]}
          </button>
        ))}
      </div>
      {tab.value === 'person' ? (
        <PersonForm chat={chat} onClose={onClose} />
      ) : (
        <GroupForm chat={chat} onClose={onClose} />
      )}
    </Dialog>
  );
}

function PersonForm({ chat, onClose }: Of) {
  const number = useSignal('');
  const online = useSignal<readonly User[] | undefined>(undefined);
  const w = words.value;
  useEffect(() => {
    void attempt(async () => {
      const users = await chat.client.onlineUsers();
      chat.people.learn(users);
      online.value = users.filter(({ userId }) => userId !== chat.me.userId);
    });
  }, [chat, online]);
  const open = (target: Target) => {
    chat.at(target);
    goTo(target);
    onClose();
  };
  const submit = () =>
    attempt(async () => {
      const to = Number(number.peek());
      await learnName(chat, to);
      open({ to });
    });
  return (
    <>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label>
          {w.byNumber}
          <input
            inputMode="numeric"
            pattern="[0-9]+"
            required
            autofocus
            value={number.value}
            onInput={({ currentTarget }) => {
              number.value = currentTarget.value;
            }}
          />
          <small>{w.personHint}</small>
        </label>
        <button type="submit" class="primary">
          {w.startChat}
        </button>
      </form>
      <h3>{w.onlineNow}</h3>
      {online.value?.length === 0 && <p class="aside">{w.nobodyOnline}</p>}
      <ul class="rows">
        {online.value?.map(({ userId, userName }) => (
          <li key={userId}>
            <button type="button" class="row" onClick={() => open({ to: userId })}>
              <Avatar target={{ to: userId }} name={userName} online />
              <span class="row-text">
                <strong dir="auto">{userName}</strong>
                <small>№ {userId}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <CopyLink chat={chat} />
    </>
  );
}

/** Where accounts have keys, a key says whose it is. Rejects if nobody has the number. */
async function learnName({ client, people }: Chat, userId: number): Promise<void> {
  try {
    people.learn([await client.peerKey(userId)]);
  } catch (error) {
    if ((error as { readonly kind?: string }).kind === 'unknown-receiver') throw error;
  }
}

function GroupForm({ chat, onClose }: Of) {
  const name = useSignal('');
  const isEncrypted = useSignal(true);
  const isWhole = useSignal(false);
  const w = words.value;
  const enter = (act: (group: string) => Promise<{ readonly group: string }>) =>
    attempt(async () => {
      const { group } = await act(name.peek().trim().replace(/^#/, ''));
      await chat.refreshGroup(group);
      goTo({ group });
      onClose();
    });
  const create = (group: string) =>
    chat.client.createGroup(group, {
      history: isWhole.peek() && !isEncrypted.peek() ? 'all' : 'joined',
      e2ee: isEncrypted.peek(),
    });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void enter(create);
      }}
    >
      <label>
        {w.groupName}
        <input
          required
          autofocus
          dir="auto"
          value={name.value}
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
        <small>{w.groupNameHint}</small>
      </label>
      <Toggle
        name={w.encryptGroup}
        hint={w.encryptGroupHint}
        isOn={isEncrypted.value}
        onChange={(isOn) => {
          isEncrypted.value = isOn;
        }}
      />
      {!isEncrypted.value && (
        <Toggle
          name={w.wholeHistory}
          isOn={isWhole.value}
          onChange={(isOn) => {
            isWhole.value = isOn;
          }}
        />
      )}
      <div class="actions">
        <button
          type="button"
          disabled={name.value.trim() === ''}
          onClick={() => void enter((group) => chat.client.joinGroup(group))}
        >
          {w.joinGroup}
        </button>
        <button type="submit" class="primary" disabled={name.value.trim() === ''}>
          {w.createGroup}
        </button>
      </div>
    </form>
  );
}
