/** A link that leads to a chat with the user, to be given to others. */
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import { attempt, notify } from '../model/notices.ts';
import { linkTo } from '../model/place.ts';
import { Icon } from './icons.tsx';

export function CopyLink({ chat }: { readonly chat: Chat }) {
  const w = words.value;
  const copy = async () => {
    await navigator.clipboard.writeText(linkTo({ to: chat.me.userId }));
    notify(w.copied);
  };
  return (
    <button type="button" class="with-icon" onClick={() => void attempt(copy)}>
      <Icon name="link" />
      {w.copyLink}
    </button>
  );
}
