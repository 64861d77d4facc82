/** Where the user writes. What is written stays with its conversation until it is sent. */

import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { ignore } from '../../base/ignore.ts';
import { words } from '../i18n/words.ts';
import { edit, say } from '../model/actions.ts';
import type { InConversation } from '../model/chat.ts';
import { sayFiles } from '../model/files.ts';
import { EmojiPicker } from './emoji.tsx';
import { Icon, IconButton } from './icons.tsx';
import { LaterDialog } from './later.tsx';
import { summaryOf } from './message.tsx';
import { nameOf, titleOf } from './names.ts';
import { Popup } from './popup.tsx';

/** Others are told that the user types; a cluster may not want to hear of it. */
function tellTyping({ chat, conversation }: InConversation): void {
  chat.client.typing(conversation.target).catch(ignore('nobody waits for it'));
}

export function Composer({ chat, conversation }: InConversation) {
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const emojiAnchor = useSignal<HTMLElement | undefined>(undefined);
  const isLater = useSignal(false);
  const { draft, composing } = conversation;
  const w = words.value;
  const mode = composing.value;

  // A draft is kept while a message is edited.
  const before = useRef('');
  useLayoutEffect(() => {
    if (mode?.kind === 'edit') {
      before.current = draft.peek();
      draft.value = mode.message.text;
    }
    if (mode) field.current?.focus();
  }, [mode, draft]);
  const stop = () => {
    if (composing.peek()?.kind === 'edit') draft.value = before.current;
    composing.value = undefined;
    field.current?.focus();
  };

  useLayoutEffect(() => makeFit(field.current), [draft.value]);
  useEffect(() => {
    // On a telephone the keyboard would cover what is there to read.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [conversation]);

  const send = () => {
    const text = draft.peek().trim();
    const current = composing.peek();
    if (current?.kind === 'edit') {
      if (text !== '' && text !== current.message.text) void edit(chat, current.message, text);
      stop();
      return;
    }
    if (text === '') return;
    say(chat, conversation, text, current ? { replyTo: current.message.id } : {});
    draft.value = '';
    composing.value = undefined;
    field.current?.focus();
  };
  const sendFiles = (files: readonly File[]) => {
    const current = composing.peek();
    if (current?.kind === 'reply') composing.value = undefined;
    const extras = current?.kind === 'reply' ? { replyTo: current.message.id } : {};
    void sayFiles(chat, conversation, files, extras);
  };
  const editLast = () => {
    for (const message of conversation.timeline.newest()) {
      if (message.from !== chat.me.userId || message.retracted || message.file) continue;
      composing.value = { kind: 'edit', message };
      return;
    }
  };
  const insert = (text: string) => {
    const element = field.current;
    if (!element) return;
    const { selectionStart, selectionEnd } = element;
    element.setRangeText(text, selectionStart, selectionEnd, 'end');
    draft.value = element.value;
    element.focus();
  };

  return (
    <div class="composer">
      {mode && (
        <div class="composing">
          <Icon name={mode.kind === 'edit' ? 'edit' : 'reply'} />
          <span class="composing-text">
            <strong>
              {mode.kind === 'edit' ? w.editing : w.replyingTo(nameOf(chat, mode.message.from))}
            </strong>
            <span dir="auto">{summaryOf(mode.message)}</span>
          </span>
          <IconButton icon="close" name={w.cancel} onClick={stop} />
        </div>
      )}
      <form
        class="composer-row"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <IconButton icon="attach" name={w.attach} onClick={() => chooser.current?.click()} />
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          aria-label={w.attach}
          onChange={({ currentTarget }) => {
            sendFiles([...(currentTarget.files ?? [])]);
            currentTarget.value = '';
          }}
        />
        <div class="field">
          <textarea
            ref={field}
            rows={1}
            dir="auto"
            aria-label={w.writeTo(titleOf(chat, conversation.target))}
            placeholder={w.write}
            value={draft.value}
            onInput={({ currentTarget }) => {
              draft.value = currentTarget.value;
              if (draft.peek() !== '') tellTyping({ chat, conversation });
            }}
            onPaste={(event) => {
              const files = [...(event.clipboardData?.files ?? [])];
              if (files.length === 0) return;
              event.preventDefault();
              sendFiles(files);
            }}
            onKeyDown={(event) => {
              if (event.isComposing) return;
              if (event.key === 'Enter' && !event.shiftKey) send();
              else if (event.key === 'ArrowUp' && draft.peek() === '' && !composing.peek())
                editLast();
              else if (event.key === 'Escape' && composing.peek()) stop();
              else return;
              event.preventDefault();
            }}
          />
          <IconButton
            icon="emoji"
            name={w.emoji}
            expanded={emojiAnchor.value !== undefined}
            onClick={({ currentTarget }) => {
              emojiAnchor.value = emojiAnchor.peek() ? undefined : currentTarget;
            }}
          />
        </div>
        {draft.value.trim() !== '' && !mode && (
          <IconButton
            icon="clock"
            name={w.sendLater}
            onClick={() => {
              isLater.value = true;
            }}
          />
        )}
        <button
          type="submit"
          class="icon-button primary"
          title={w.send}
          aria-label={w.send}
          disabled={draft.value.trim() === ''}
        >
          <Icon name={mode?.kind === 'edit' ? 'check' : 'send'} />
        </button>
      </form>
      {emojiAnchor.value && (
        <Popup
          anchor={emojiAnchor.value}
          onClose={() => {
            emojiAnchor.value = undefined;
          }}
        >
          <EmojiPicker onPick={insert} />
        </Popup>
      )}
      {isLater.value && (
        <LaterDialog
          chat={chat}
          conversation={conversation}
          onClose={() => {
            isLater.value = false;
          }}
        />
      )}
    </div>
  );
}

/** As high as its text, up to what CSS allows. */
function makeFit(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
