/** Doing something: asking before, and telling after what came of it. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../views/icons.tsx';
import { words } from '../i18n/words.ts';
import { CallFailure } from '../model/session.ts';

interface Notice {
  readonly id: number;
  readonly text: string;
}

const notices = signal<readonly Notice[]>([]);
const noticeMs = 6_000;
let last = 0;

export function tell(text: string): void {
  const id = ++last;
  notices.value = [...notices.value, { id, text }];
  setTimeout(() => dismiss(id), noticeMs);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((each) => each.id !== id);
}

/** What was refused is told as the route says it. Undefined then. */
export async function tried<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    tell(error.message || words.value.noAnswer);
    return undefined;
  }
}

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ id, text }) => (
        <p key={id} class="notice">
          {text}
          <IconButton icon="close" name={words.value.close} onClick={() => dismiss(id)} />
        </p>
      ))}
    </div>
  );
}

interface Question {
  readonly title: string;
  readonly text: string;
  readonly answer: (isYes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before what others will notice. */
export function confirmed(title: string, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...{ title, text },
      answer(isYes) {
        question.value = undefined;
        resolve(isYes);
      },
    };
  });
}

export function Questions() {
  const asked = question.value;
  if (!asked) return null;
  const { title, text, answer } = asked;
  return (
    <Modal title={title} onClose={() => answer(false)}>
      <p>{text}</p>
      <div class="actions">
        <button type="button" onClick={() => answer(false)}>
          {words.value.cancel}
        </button>
        <button type="button" class="danger" onClick={() => answer(true)}>
          {title}
        </button>
      </div>
    </Modal>
  );
}

/** The browser's own dialog: it keeps the focus, and closes with Escape. */
export function Modal({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const { activeElement } = document;
    dialog.current?.showModal();
    return () => {
      if (activeElement instanceof HTMLElement) activeElement.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" name={words.value.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** What is shown once. */
export function ShownOnce({
  title,
  text,
  value,
  onClose,
}: {
  readonly title: string;
  readonly text: string;
  readonly value: string;
  readonly onClose: () => void;
}) {
  return (
    <Modal title={title} onClose={onClose}>
      <p>{text}</p>
      <code class="once">{value}</code>
    </Modal>
  );
}
