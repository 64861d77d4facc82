/**
 * The messages of a conversation. Only the pages near what is seen are drawn; of the others there is an
 * empty box of the same height. So ten thousand messages scroll like fifty.
 */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../client/sdk/index.ts';
import { dayOf, isSameDay } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import { markSeen } from '../model/actions.ts';
import type { InConversation } from '../model/chat.ts';
import { attempt } from '../model/notices.ts';
import type { Page } from '../model/timeline.ts';
import { IconButton } from './icons.tsx';
import { MessageView } from './message.tsx';
import { nameOf } from './names.ts';
import { PendingView } from './pending.tsx';
import { ScrollKeeper } from './scroll-keeper.ts';

/** What is drawn beyond what is seen, in pixels: quick scrolling meets no gap. */
const drawnBeyond = '1500px 0px';
/** Older messages are asked for before the oldest one is seen. */
const askedBefore = '1000px 0px 0px 0px';
/** Messages of one person within so long belong together. */
const togetherMs = 5 * 60_000;
/** Frames that a page has to be drawn in, before a message in it is shown. */
const framesMax = 120;

export function TimelineView({ chat, conversation }: InConversation) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const keeper = useSignal<ScrollKeeper | undefined>(undefined);
  const [watcher, setWatcher] = useState<PageWatcher>();
  const { timeline, loading, pending, unread, jump } = conversation;
  const isAtEnd = useComputed(() => keeper.value?.isAtEnd.value ?? true);

  useLayoutEffect(() => {
    if (!scroller.current || !content.current) return;
    const created = new ScrollKeeper(scroller.current, content.current);
    const watching = new PageWatcher(scroller.current);
    keeper.value = created;
    setWatcher(watching);
    return () => {
      created.stop();
      watching.stop();
    };
  }, [keeper]);

  // Whoever cannot be asked now is asked when the page is connected.
  const isReady = chat.state.value === 'ready';
  const isDue = loading.value === 'new' || loading.value === 'kept';
  useEffect(() => {
    if (isReady || isDue) void attempt(() => chat.open(conversation));
  }, [chat, conversation, isReady, isDue]);

  // Seen: at the end of it, in a window that somebody looks at.
  const [isLookedAt, setLookedAt] = useState(isWindowActive());
  useEffect(() => {
    const look = () => setLookedAt(isWindowActive());
    const names = ['focus', 'blur'] as const;
    for (const name of names) window.addEventListener(name, look);
    document.addEventListener('visibilitychange', look);
    return () => {
      for (const name of names) window.removeEventListener(name, look);
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  const isLoaded = loading.value === 'more' || loading.value === 'whole';
  useEffect(() => {
    if (isLookedAt && isLoaded && isAtEnd.value && unread.value > 0) markSeen(chat, conversation);
  }, [isLookedAt, isLoaded, isAtEnd.value, unread.value, chat, conversation]);

  // What the user has just written is seen.
  const last = pending.value.at(-1)?.key;
  useLayoutEffect(() => {
    if (last !== undefined) keeper.peek()?.toEnd();
  }, [last, keeper]);

  useEffect(() => {
    if (loading.value !== 'more' || !top.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void attempt(() => chat.loadOlder(conversation));
      },
      { root: scroller.current, rootMargin: askedBefore },
    );
    observer.observe(top.current);
    return () => observer.disconnect();
  }, [loading.value, chat, conversation]);

  useSignalEffect(() => {
    const id = jump.value;
    if (id === undefined) return;
    jump.value = undefined;
    void attempt(() => showMessage({ chat, conversation }, id, scroller.current, keeper.peek()));
  });

  const pages = timeline.pages.value;
  const w = words.value;
  return (
    <div class="timeline-frame">
      <div
        ref={scroller}
        class="timeline"
        role="log"
        aria-label={w.messages}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it, and moves in it
        tabIndex={0}
        onKeyDown={moveInMessages}
      >
        <div ref={content} class="timeline-content">
          <div ref={top} class="timeline-top">
            <Beginning conversation={conversation} chat={chat} />
          </div>
          {watcher &&
            pages.map((page, index) => (
              <PageView
                key={page.key}
                chat={chat}
                conversation={conversation}
                page={page}
                before={pages[index - 1]}
                watcher={watcher}
              />
            ))}
          {pending.value.map((each) => (
            <PendingView key={each.key} chat={chat} conversation={conversation} pending={each} />
          ))}
          <TypingLine chat={chat} conversation={conversation} />
        </div>
      </div>
      {!isAtEnd.value && (
        <div class="to-end">
          {unread.value > 0 && <span class="badge">{unread.value}</span>}
          <IconButton icon="down" name={w.newest} onClick={() => keeper.peek()?.toEnd()} />
        </div>
      )}
    </div>
  );
}

function Beginning({ chat, conversation }: InConversation) {
  const { loading, isExpired } = conversation;
  const w = words.value;
  switch (loading.value) {
    case 'failed':
      return (
        <p class="aside">
          {w.loadFailed}{' '}
          <button
            type="button"
            class="link"
            onClick={() => void attempt(() => chat.loadOlder(conversation))}
          >
            {w.tryAgain}
          </button>
        </p>
      );
    case 'kept':
      return <p class="aside">{w.olderLater}</p>;
    case 'whole':
      return <p class="aside">{isExpired.value ? w.expired : w.beginning}</p>;
    default:
      return <p class="aside">{w.loading}</p>;
  }
}

function TypingLine({ chat, conversation }: InConversation) {
  const [first, ...others] = conversation.typing.value;
  const w = words.value;
  if (first === undefined) return null;
  return (
    <p class="typing">
      <span class="typing-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {others.length === 0 ? w.typing(nameOf(chat, first)) : w.severalTyping}
    </p>
  );
}

function PageView({
  chat,
  conversation,
  page,
  before,
  watcher,
}: InConversation & {
  readonly page: Page;
  readonly before: Page | undefined;
  readonly watcher: PageWatcher;
}) {
  const box = useRef<HTMLDivElement>(null);
  const height = useSignal<number | undefined>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    return watcher.watch(element, (isNear) => {
      height.value = isNear ? undefined : element.offsetHeight;
    });
  }, [watcher, height]);
  if (height.value !== undefined)
    return (
      <div ref={box} class="page" data-page={page.key} style={{ height: `${height.value}px` }} />
    );
  const messages = page.messages.value;
  const last = before?.messages.value.at(-1);
  return (
    <div ref={box} class="page" data-page={page.key}>
      {messages.map((message, index) => {
        const previous = index === 0 ? last : messages[index - 1];
        const isNewDay = !previous || !isSameDay(previous.at, message.at);
        return [
          isNewDay && (
            <p key={`day ${message.id}`} class="day">
              <span>{dayOf(message.at)}</span>
            </p>
          ),
          <MessageView
            key={message.id}
            chat={chat}
            conversation={conversation}
            message={message}
            isFirst={isNewDay || !belongTogether(previous, message)}
          />,
        ];
      })}
    </div>
  );
}

function belongTogether(one: Message | undefined, other: Message): boolean {
  return one?.from === other.from && other.at - one.at < togetherMs;
}

/** Says of each page whether it is near what is seen. */
class PageWatcher {
  readonly #observer: IntersectionObserver;
  readonly #tell = new Map<Element, (isNear: boolean) => void>();

  constructor(root: Element) {
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) this.#tell.get(target)?.(isIntersecting);
      },
      { root, rootMargin: drawnBeyond },
    );
  }

  watch(page: Element, tell: (isNear: boolean) => void): () => void {
    this.#tell.set(page, tell);
    this.#observer.observe(page);
    return () => {
      this.#tell.delete(page);
      this.#observer.unobserve(page);
    };
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

/** Loads what is missing up to this message, and shows it. */
async function showMessage(
  { chat, conversation }: InConversation,
  id: string,
  scroller: HTMLElement | null,
  keeper: ScrollKeeper | undefined,
): Promise<void> {
  const { timeline, loading } = conversation;
  while (!timeline.find(id) && loading.peek() === 'more') await chat.loadOlder(conversation);
  const page = timeline.pages
    .peek()
    .find(({ messages }) => messages.peek().some((each) => each.id === id));
  if (!page || !scroller) return;
  const element = () => scroller.querySelector(`[data-message="${CSS.escape(id)}"]`);
  for (let frames = 0; !element() && frames < framesMax; frames++) {
    scroller.querySelector(`[data-page="${page.key}"]`)?.scrollIntoView({ block: 'center' });
    await new Promise(requestAnimationFrame);
  }
  const found = element();
  if (!found) return;
  keeper?.show(found);
  found.classList.remove('found');
  // A class that is put back in the same turn starts no animation.
  requestAnimationFrame(() => found.classList.add('found'));
}

/** Arrow keys go from message to message: from outside, to the newest one. */
function moveInMessages(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
  const step = steps[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const isMessage = event.target.matches('[data-message]');
  if (!isMessage && event.target !== event.currentTarget) return;
  const messages = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')];
  const at = messages.indexOf(event.target);
  const next = isMessage ? messages[at + step] : messages.at(-1);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function isWindowActive(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}
