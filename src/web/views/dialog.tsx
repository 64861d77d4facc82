/** Dialogs: the browser's own, which keep the focus and close with Escape. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { words } from '../i18n/words.ts';
import { IconButton } from './icons.tsx';

export function Dialog({
  title,
  onClose,
  children,
  kind = '',
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly kind?: '' | 'wide';
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
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it, and Escape does
    <dialog
      ref={dialog}
      class={`dialog ${kind}`}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
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

interface Question {
  readonly text: string;
  readonly yes: string;
  readonly answer: (isYes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before what cannot be undone. */
export function confirmed(text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      text,
      yes,
      answer: (isYes) => {
        question.value = undefined;
        resolve(isYes);
      },
    };
  });
}

export function Questions() {
  const asked = question.value;
  if (!asked) return null;
  const { text, yes, answer } = asked;
  return (
    <Dialog title={yes} onClose={() => answer(false)}>
      <p>{text}</p>
      <div class="actions">
        <button type="button" onClick={() => answer(false)}>
          {words.value.cancel}
        </button>
        <button type="button" class="danger" onClick={() => answer(true)}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
