/** What people and conversations are called on the page. */
import { lobby, type Target } from '../../client/sdk/index.ts';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';

export function nameOf({ people, me }: Chat, userId: number): string {
  if (userId === me.userId) return words.value.you;
  return people.nameOf(userId) ?? words.value.userNumber(userId);
}

export function titleOf(chat: Chat, target: Target): string {
  if ('to' in target) return chat.people.nameOf(target.to) ?? words.value.userNumber(target.to);
  if (target.group === lobby) return words.value.lobby;
  const title = chat.find(target)?.group.value?.title;
  return title === undefined || title === '' ? target.group : title;
}
