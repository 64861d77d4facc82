/** What the user has sent and nobody has said yet to be stored. */

import { percentOf, timeOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import { discard, sayAgain } from '../model/actions.ts';
import type { InConversation } from '../model/chat.ts';
import type { Pending } from '../model/outbox.ts';
import { Icon } from './icons.tsx';
import { RichText } from './rich-text.tsx';

export function PendingView({
  chat,
  conversation,
  pending,
}: InConversation & { readonly pending: Pending }) {
  const w = words.value;
  const { text, state, at, progress, reason, cancel } = pending;
  const isFile = progress !== undefined;
  return (
    <article class={`message own pending ${state} first`}>
      <div class="message-column">
        <div class="bubble">
          {isFile ? (
            <p class="file-line">
              <Icon name="file" />
              <span dir="auto">{text}</span>
              <progress max={1} value={progress} aria-label={w.sending} />
            </p>
          ) : (
            <p class="text" dir="auto">
              <RichText text={text} />
            </p>
          )}
          <span class="footer">
            {isFile && state === 'sending' && <span>{percentOf(progress)}</span>}
            <time>{timeOf(at)}</time>
            <span class="tick" role="img" aria-label={w[state]} title={w[state]}>
              <Icon name={state === 'sending' ? 'clock' : 'warning'} />
            </span>
          </span>
        </div>
        {state === 'sending' && cancel && (
          <p class="pending-line">
            <button type="button" class="link" onClick={cancel}>
              {w.cancel}
            </button>
          </p>
        )}
        {state !== 'sending' && (
          <p class="pending-line" role="status">
            {w[state]}
            {reason !== undefined && `: ${reason}`}{' '}
            {!isFile && (
              <button
                type="button"
                class="link"
                onClick={() => sayAgain(chat, conversation, pending)}
              >
                {w.sendAgain}
              </button>
            )}{' '}
            <button type="button" class="link" onClick={() => discard(chat, conversation, pending)}>
              {w.discard}
            </button>
          </p>
        )}
      </div>
    </article>
  );
}
