/** What opens beside a button and lies above everything: menus, the emoji picker. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const gap = 6;
const margin = 8;

export function Popup({
  anchor,
  onClose,
  children,
}: {
  /** The button that it belongs to; it has the focus again when the popup is closed. */
  readonly anchor: HTMLElement;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const popup = box.current;
    if (!popup) return;
    const place = () => placeBeside(popup, anchor);
    place();
    const observer = new ResizeObserver(place);
    observer.observe(popup);
    const leave = (event: Event) => {
      const { target } = event;
      if (target instanceof Node && !popup.contains(target) && !anchor.contains(target)) onClose();
    };
    document.addEventListener('pointerdown', leave);
    document.addEventListener('focusin', leave);
    window.addEventListener('resize', onClose);
    return () => {
      observer.disconnect();
      document.removeEventListener('pointerdown', leave);
      document.removeEventListener('focusin', leave);
      window.removeEventListener('resize', onClose);
    };
  }, [anchor, onClose]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it holds what is acted on, and hears Escape for all of it
    <div
      ref={box}
      class="popup"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
        anchor.focus();
      }}
    >
      {children}
    </div>
  );
}

/** Below it if there is room, else above, and within the window. */
function placeBeside(popup: HTMLElement, anchor: HTMLElement): void {
  const { top, bottom, left, right } = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = bottom + gap;
  const y = below + height + margin <= innerHeight ? below : Math.max(margin, top - gap - height);
  const wanted = (left + right) / 2 < innerWidth / 2 ? left : right - width;
  const x = Math.max(margin, Math.min(wanted, innerWidth - width - margin));
  popup.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

export interface MenuItem {
  readonly name: string;
  readonly act: () => void;
  readonly isDanger?: boolean;
}

/** Arrow keys move, Enter chooses. */
export function Menu({
  items,
  onClose,
}: {
  readonly items: readonly MenuItem[];
  readonly onClose: () => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.querySelector('button')?.focus(), []);
  return (
    <div ref={list} class="menu" role="menu" onKeyDown={moveFocus}>
      {items.map(({ name, act, isDanger = false }) => (
        <button
          key={name}
          type="button"
          role="menuitem"
          class={isDanger ? 'danger' : ''}
          onClick={() => {
            onClose();
            act();
          }}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  buttons.at((at + step) % buttons.length)?.focus();
}
