/** Messages that are sent later, by the cluster: also if nobody is here then. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DelayedMessage } from '../../client/sdk/index.ts';
import { wholeTimeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import type { Chat, InConversation } from '../model/chat.ts';
import { attempt, notify } from '../model/notices.ts';
import { Dialog } from './dialog.tsx';
import { titleOf } from './names.ts';

const hourMs = 3_600_000;

export function LaterDialog({
  chat,
  conversation,
  onClose,
}: InConversation & { readonly onClose: () => void }) {
  const when = useSignal(localTime(Date.now() + hourMs));
  const w = words.value;
  const { draft, target } = conversation;
  const submit = async () => {
    const delayMs = new Date(when.peek()).getTime() - Date.now();
    if (!(delayMs > 0)) {
      notify(w.inThePast, 'problem');
      return;
    }
    const text = draft.peek().trim();
    await attempt(async () => {
      await chat.client.schedule(target, text, Math.max(1, Math.round(delayMs / 1_000)));
      draft.value = '';
      notify(w.scheduled(wholeTimeOf(Date.now() + delayMs)));
      onClose();
    });
  };
  return (
    <Dialog title={w.laterTitle} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="quote-block" dir="auto">
          {draft.value}
        </p>
        <label>
          {w.laterWhen}
          <input
            type="datetime-local"
            required
            value={when.value}
            min={localTime(Date.now())}
            onInput={({ currentTarget }) => {
              when.value = currentTarget.value;
            }}
          />
        </label>
        <div class="actions">
          <button type="submit" class="primary">
            {w.sendLater}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** All that wait, with a way to take each back. */
export function ScheduledList({ chat }: { readonly chat: Chat }) {
  const waiting = useSignal<readonly DelayedMessage[] | undefined>(undefined);
  useEffect(() => {
    void attempt(async () => {
      waiting.value = (await chat.client.delayed()).messages;
    });
  }, [chat, waiting]);
  const w = words.value;
  if (!waiting.value) return <p class="aside">{w.loading}</p>;
  if (waiting.value.length === 0) return <p class="aside">{w.noneScheduled}</p>;
  const cancel = (id: string) =>
    attempt(async () => {
      await chat.client.cancelDelayed(id);
      waiting.value = waiting.peek()?.filter((each) => each.id !== id);
    });
  return (
    <ul class="rows">
      {waiting.value.map(({ id, to, group, text, dueAt, unreadable }) => (
        <li key={id}>
          <span class="row-text">
            <strong>{titleOf(chat, group === undefined ? { to: to ?? 0 } : { group })}</strong>
            <span dir="auto">{unreadable ? w.unreadable : text}</span>
            <small>{wholeTimeOf(dueAt)}</small>
          </span>
          <button type="button" onClick={() => void cancel(id)}>
            {w.cancel}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** As the field has it: without a time zone, to the minute. */
function localTime(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
