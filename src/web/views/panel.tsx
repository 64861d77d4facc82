/** What is shown beside a conversation: on a wide screen to its right, on a narrow one over it. */
import type { ComponentChildren } from 'preact';
import { words } from '../i18n/words.ts';
import { IconButton } from './icons.tsx';

export function Panel({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  return (
    <section
      class="panel"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header class="panel-header">
        <h2>{title}</h2>
        <IconButton icon="close" name={words.value.close} onClick={onClose} />
      </header>
      <div class="panel-body">{children}</div>
    </section>
  );
}

/** A setting that is on or off. */
export function Toggle({
  name,
  hint,
  isOn,
  onChange,
}: {
  readonly name: string;
  readonly hint?: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <label class="toggle">
      <span>
        {name}
        {hint !== undefined && <small>{hint}</small>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-checked={isOn}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    </label>
  );
}
