/** What is known of a conversation, and what can be decided about it. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { lobby, type PeerKey } from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import { block, setMuted, setPinned, unblock } from '../model/actions.ts';
import type { InConversation } from '../model/chat.ts';
import { attempt, notify } from '../model/notices.ts';
import { Avatar } from './avatar.tsx';
import { confirmed } from './dialog.tsx';
import { GroupDetails } from './group-details.tsx';
import { Icon } from './icons.tsx';
import { titleOf } from './names.ts';
import { Panel, Toggle } from './panel.tsx';

export function DetailsPanel({
  chat,
  conversation,
  onClose,
}: InConversation & { readonly onClose: () => void }) {
  const { target } = conversation;
  const w = words.value;
  const title = titleOf(chat, target);
  return (
    <Panel title={'to' in target ? w.aboutPerson : w.aboutGroup} onClose={onClose}>
      <div class="profile">
        <Avatar target={target} name={title} />
        <strong dir="auto">{title}</strong>
        <small>{'to' in target ? `№ ${target.to}` : `#${target.group}`}</small>
      </div>
      <Switches chat={chat} conversation={conversation} />
      {'to' in target ? (
        <PersonDetails chat={chat} userId={target.to} />
      ) : (
        target.group !== lobby && (
          <GroupDetails chat={chat} conversation={conversation} group={target.group} />
        )
      )}
    </Panel>
  );
}

function Switches({ chat, conversation }: InConversation) {
  const { muted, pinned } = conversation;
  const w = words.value;
  return (
    <section>
      <Toggle
        name={w.mute}
        isOn={muted.value}
        onChange={(isOn) => void setMuted(chat, conversation, isOn)}
      />
      <Toggle
        name={w.pin}
        isOn={pinned.value}
        onChange={(isOn) => void setPinned(chat, conversation, isOn)}
      />
    </section>
  );
}

function PersonDetails({
  chat,
  userId,
}: Pick<InConversation, 'chat'> & { readonly userId: number }) {
  const w = words.value;
  if (userId === chat.me.userId) return null;
  const isBlocked = chat.blocked.value.some((each) => each.userId === userId);
  const name = titleOf(chat, { to: userId });
  const toggle = async () => {
    if (isBlocked) await unblock(chat, userId);
    else if (await confirmed(w.blockText(name), w.block))
      await block(chat, { userId, userName: name });
  };
  return (
    <>
      <KeyDetails chat={chat} userId={userId} />
      <section>
        <button type="button" class={isBlocked ? '' : 'danger'} onClick={() => void toggle()}>
          {isBlocked ? w.unblock : w.block}
        </button>
      </section>
    </>
  );
}

/** The number to compare: 12 groups of 5 digits, the same on both sides. */
function KeyDetails({ chat, userId }: Pick<InConversation, 'chat'> & { readonly userId: number }) {
  const key = useSignal<PeerKey | 'none' | undefined>(undefined);
  useEffect(() => {
    chat.client.peerKey(userId).then(
      (found) => {
        key.value = found;
        chat.people.learn([found]);
      },
      () => {
        key.value = 'none';
      },
    );
  }, [chat, userId, key]);
  const w = words.value;
  const found = key.value;
  if (found === undefined) return <p class="aside">{w.loading}</p>;
  if (found === 'none') return <p class="aside">{w.keyNone}</p>;
  const confirm = () =>
    attempt(async () => {
      await chat.client.confirmKey(userId, found.safetyNumber);
      key.value = await chat.client.peerKey(userId);
      notify(w.keyVerified);
    });
  return (
    <section>
      <h3>{w.keyTitle}</h3>
      <p class={`standing ${found.verified ? 'good' : found.changed ? 'bad' : ''}`}>
        <Icon name={found.verified ? 'shield' : found.changed ? 'warning' : 'lock'} />
        {found.verified ? w.keyVerified : found.changed ? w.keyChanged : w.keyUnverified}
      </p>
      <p class="hint">{w.keyText}</p>
      <p class="safety-number">
        {found.safetyNumber.split(/\s+/).map((digits) => (
          <span key={digits}>{digits}</span>
        ))}
      </p>
      {!found.verified && (
        <button type="button" class="primary" onClick={() => void confirm()}>
          {w.keyConfirm}
        </button>
      )}
    </section>
  );
}
