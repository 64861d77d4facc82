/** The conversation that is open: who it is with, its messages, and where the user writes. */
import { useSignal } from '@preact/signals';
import { lobby, type Target } from '../../client/sdk/index.ts';
import { wholeTimeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import { unblock } from '../model/actions.ts';
import type { Chat, InConversation } from '../model/chat.ts';
import { sayFiles } from '../model/files.ts';
import { attempt } from '../model/notices.ts';
import { goTo } from '../model/place.ts';
import { Avatar } from './avatar.tsx';
import { Composer } from './composer.tsx';
import { DetailsPanel } from './details.tsx';
import { Icon, IconButton } from './icons.tsx';
import { titleOf } from './names.ts';
import { SearchPanel } from './search.tsx';
import { TimelineView } from './timeline.tsx';

type Panel = 'details' | 'search';

export function ConversationView({ chat, conversation }: InConversation) {
  const panel = useSignal<Panel | undefined>(undefined);
  const isDropping = useSignal(false);
  const w = words.value;
  const { target } = conversation;
  const title = titleOf(chat, target);
  const close = () => {
    panel.value = undefined;
  };
  const toggle = (which: Panel) => () => {
    panel.value = panel.peek() === which ? undefined : which;
  };
  return (
    <main
      class="place"
      aria-label={title}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        isDropping.value = true;
      }}
      onDragLeave={(event) => {
        if (event.currentTarget.contains(event.relatedTarget as Node | null)) return;
        isDropping.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        isDropping.value = false;
        void sayFiles(chat, conversation, [...(event.dataTransfer?.files ?? [])], {});
      }}
    >
      <h1 class="hidden" dir="auto">
        {title}
      </h1>
      <div class={`conversation ${panel.value ? 'with-panel' : ''}`}>
        <header class="conversation-header">
          <span class="only-narrow">
            <IconButton icon="back" name={w.back} onClick={() => goTo(undefined)} />
          </span>
          <button type="button" class="who" onClick={toggle('details')} title={w.details}>
            <Avatar target={target} name={title} />
            <span class="who-text">
              <strong class="title" dir="auto">
                {title}
              </strong>
              <Subtitle chat={chat} conversation={conversation} />
            </span>
          </button>
          <IconButton
            icon="search"
            name={w.search}
            expanded={panel.value === 'search'}
            onClick={toggle('search')}
          />
          <IconButton
            icon="info"
            name={w.details}
            expanded={panel.value === 'details'}
            onClick={toggle('details')}
          />
        </header>
        <TimelineView key={conversation.key} chat={chat} conversation={conversation} />
        <Foot chat={chat} conversation={conversation} />
        {isDropping.value && <p class="drop-hint">{w.dropFiles}</p>}
      </div>
      {panel.value === 'details' && (
        <DetailsPanel
          key={conversation.key}
          chat={chat}
          conversation={conversation}
          onClose={close}
        />
      )}
      {panel.value === 'search' && (
        <SearchPanel
          key={conversation.key}
          chat={chat}
          conversation={conversation}
          onClose={close}
        />
      )}
    </main>
  );
}

function Subtitle({ chat, conversation }: InConversation) {
  const { target, group } = conversation;
  const w = words.value;
  if ('group' in target) {
    if (target.group === lobby) return <small>{w.lobbyText}</small>;
    return group.value?.e2ee ? (
      <small class="secret">
        <Icon name="lock" />
        {w.encrypted}
      </small>
    ) : (
      <small>#{target.group}</small>
    );
  }
  return <small>{presenceOf(chat, target)}</small>;
}

function presenceOf(chat: Chat, target: Target & { readonly to: number }): string {
  const w = words.value;
  const presence = chat.people.presences.value.get(target.to);
  if (presence?.online) return w.online;
  if (presence?.lastSeen !== undefined) return w.lastSeen(wholeTimeOf(presence.lastSeen));
  return `№ ${target.to}`;
}

/** Where the user cannot write it says why. */
function Foot({ chat, conversation }: InConversation) {
  const { target, group } = conversation;
  const w = words.value;
  if ('to' in target && chat.blocked.value.some(({ userId }) => userId === target.to)) {
    return (
      <p class="foot">
        {w.blockedText}{' '}
        <button type="button" class="link" onClick={() => void unblock(chat, target.to)}>
          {w.unblock}
        </button>
      </p>
    );
  }
  if ('group' in target && target.group !== lobby && chat.isListed.value && !group.value) {
    const join = () =>
      attempt(async () => {
        group.value = await chat.client.joinGroup(target.group);
      });
    return (
      <p class="foot">
        {w.notAMember}{' '}
        <button type="button" class="link" onClick={() => void join()}>
          {w.join}
        </button>
      </p>
    );
  }
  return <Composer key={conversation.key} chat={chat} conversation={conversation} />;
}
