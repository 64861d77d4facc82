/** A group: who is in it, and what its owner and admins decide. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import {
  type GroupEntry,
  type GroupFacts,
  groupEntries,
  type User,
} from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import type { InConversation } from '../model/chat.ts';
import { attempt, notify } from '../model/notices.ts';
import { goTo } from '../model/place.ts';
import { Avatar } from './avatar.tsx';
import { confirmed } from './dialog.tsx';
import { Icon, IconButton } from './icons.tsx';
import { nameOf } from './names.ts';
import { Menu, type MenuItem, Popup } from './popup.tsx';

/** Members that are listed: a page. */
const listedMax = 100;

type Group = InConversation & { readonly group: string };

export function GroupDetails({ chat, conversation, group }: Group) {
  const facts = conversation.group.value;
  const w = words.value;
  if (!facts) return null;
  const { userId } = chat.me;
  const isOwner = facts.owner === userId;
  const isAdmin = isOwner || facts.admins.includes(userId);
  const leave = async () => {
    if (!(await confirmed(w.leaveText, w.leave))) return;
    await chat.client.leaveGroup(group);
    chat.remove(conversation);
    goTo(undefined);
  };
  return (
    <>
      {facts.e2ee && (
        <p class="standing good">
          <Icon name="lock" />
          {w.groupEncryptedText}
        </p>
      )}
      {isAdmin && <TitleForm chat={chat} facts={facts} />}
      {isOwner && <EntryChoice chat={chat} facts={facts} />}
      {isAdmin && <InviteForm chat={chat} group={group} />}
      <Members chat={chat} facts={facts} isOwner={isOwner} isAdmin={isAdmin} />
      <section>
        <button type="button" class="danger" onClick={() => void attempt(leave)}>
          {w.leave}
        </button>
      </section>
    </>
  );
}

type OfGroup = Pick<InConversation, 'chat'> & { readonly facts: GroupFacts };

function TitleForm({ chat, facts }: OfGroup) {
  const title = useSignal(facts.title);
  const w = words.value;
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(() => chat.client.setGroup(facts.group, { title: title.peek().trim() }));
      }}
    >
      <label>
        {w.title}
        <input
          dir="auto"
          value={title.value}
          onInput={({ currentTarget }) => {
            title.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit" disabled={title.value.trim() === facts.title}>
        {w.save}
      </button>
    </form>
  );
}

function EntryChoice({ chat, facts }: OfGroup) {
  const w = words.value;
  return (
    <label class="field-label">
      {w.entry}
      <select
        value={facts.entry}
        onChange={({ currentTarget }) =>
          void attempt(() =>
            chat.client.setGroup(facts.group, { entry: currentTarget.value as GroupEntry }),
          )
        }
      >
        {groupEntries.map((entry) => (
          <option key={entry} value={entry}>
            {w.entries[entry]}
          </option>
        ))}
      </select>
    </label>
  );
}

function InviteForm({ chat, group }: Pick<Group, 'chat' | 'group'>) {
  const number = useSignal('');
  const w = words.value;
  const invite = () =>
    attempt(async () => {
      const userId = Number(number.peek());
      await chat.client.inviteToGroup(group, userId);
      number.value = '';
      notify(w.invited(nameOf(chat, userId)));
    });
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <label>
        {w.inviteNumber}
        <input
          inputMode="numeric"
          pattern="[0-9]+"
          required
          value={number.value}
          onInput={({ currentTarget }) => {
            number.value = currentTarget.value;
          }}
        />
      </label>
      <button type="submit">{w.invite}</button>
    </form>
  );
}

function Members({
  chat,
  facts,
  isOwner,
  isAdmin,
}: OfGroup & { readonly isOwner: boolean; readonly isAdmin: boolean }) {
  const members = useSignal<readonly User[] | undefined>(undefined);
  const opened = useSignal<{ readonly userId: number; readonly anchor: HTMLElement } | undefined>(
    undefined,
  );
  const { group } = facts;
  const load = () =>
    attempt(async () => {
      members.value = await chat.client.groupMembers(group, { limit: listedMax });
      chat.people.learn(members.peek() ?? []);
    });
  useEffect(() => {
    void load();
    // Who joins and leaves is told of encrypted groups.
    return chat.client.on('groupNews', (news) => {
      if (news.group === group) void load();
    });
  }, [chat, group]);
  const w = words.value;
  const act = (change: () => Promise<void>) => () =>
    void attempt(async () => {
      await change();
      await load();
    });
  const { client, me } = chat;
  const menuOf = (userId: number): readonly MenuItem[] => {
    const isAlreadyAdmin = facts.admins.includes(userId);
    const remove = async () => {
      if (await confirmed(w.removeMemberText(nameOf(chat, userId)), w.removeMember))
        await client.removeMember(group, userId);
    };
    const ofOwner: readonly MenuItem[] = [
      {
        name: isAlreadyAdmin ? w.takeAdmin : w.makeAdmin,
        act: act(() => client.setGroupAdmin(group, userId, !isAlreadyAdmin)),
      },
      { name: w.makeOwner, act: act(() => client.handOverGroup(group, userId)) },
    ];
    const canRemove = isOwner || (isAdmin && userId !== facts.owner && !isAlreadyAdmin);
    return [
      { name: w.message, act: () => goTo({ to: userId }) },
      ...(isOwner ? ofOwner : []),
      ...(canRemove ? [{ name: w.removeMember, act: act(remove), isDanger: true }] : []),
    ];
  };
  const close = () => {
    opened.value = undefined;
  };
  return (
    <section>
      <h3>
        {w.memberList}
        {members.value &&
          ` · ${members.value.length}${members.value.length === listedMax ? '+' : ''}`}
      </h3>
      <ul class="rows">
        {members.value?.map(({ userId, userName }) => (
          <li key={userId}>
            <Avatar target={{ to: userId }} name={userName} />
            <span class="row-text">
              <strong dir="auto">{nameOf(chat, userId)}</strong>
              {userId === facts.owner && <small>{w.owner}</small>}
              {facts.admins.includes(userId) && <small>{w.admin}</small>}
            </span>
            {userId !== me.userId && (
              <IconButton
                icon="more"
                name={`${w.more}: ${userName}`}
                onClick={({ currentTarget: anchor }) => {
                  opened.value = opened.peek() ? undefined : { userId, anchor };
                }}
              />
            )}
          </li>
        ))}
      </ul>
      {opened.value && (
        <Popup anchor={opened.value.anchor} onClose={close}>
          <Menu items={menuOf(opened.value.userId)} onClose={close} />
        </Popup>
      )}
    </section>
  );
}
