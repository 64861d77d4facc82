/** Icons, drawn here: 24 by 24, in the colour of the text. */

const paths = {
  attach:
    'M21 11.5l-8.6 8.6a5.5 5.5 0 01-7.8-7.8l8.9-8.8a3.7 3.7 0 015.2 5.2l-8.9 8.8a1.8 1.8 0 01-2.6-2.6l8.2-8.1',
  back: 'M15 5l-7 7 7 7',
  block: 'M5.6 5.6l12.8 12.8M21 12a9 9 0 11-18 0 9 9 0 0118 0z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2 12.5l4.5 4.5L15 8.5M11 16l1 1 9.5-8.5',
  clock: 'M12 7v5l3.5 2M21 12a9 9 0 11-18 0 9 9 0 0118 0z',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  down: 'M12 5v14M6 13l6 6 6-6',
  edit: 'M4 20h4L19 9a2.8 2.8 0 00-4-4L4 16v4z',
  emoji: 'M21 12a9 9 0 11-18 0 9 9 0 0118 0zM8.5 14.5a4.5 4.5 0 007 0M9 9.5v.01M15 9.5v.01',
  file: 'M14 3H6v18h12V7l-4-4zM14 3v4h4',
  group:
    'M16 20v-1.5a4 4 0 00-4-4H7a4 4 0 00-4 4V20M9.5 10.5a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM21 20v-1.5a4 4 0 00-3-3.9M15.5 3.7a3.5 3.5 0 010 6.6',
  info: 'M12 11v5M12 8v.01M21 12a9 9 0 11-18 0 9 9 0 0118 0z',
  link: 'M10 14a4 4 0 005.7 0l3-3A4 4 0 0013 5.300l-1 1M14 10a4 4 0 00-5.7 0l-3 3A4 4 0 0011 18.700l1-1',
  lock: 'M6 11h12v9H6zM8.5 11V7.500a3.5 3.5 0 017 0V11',
  more: 'M12 4.9a.6.6 0 110 1.2.6.6 0 010-1.2zM12 11.4a.6.6 0 110 1.2.6.6 0 010-1.2zM12 17.9a.6.6 0 110 1.2.6.6 0 010-1.2z',
  muted: 'M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4zM16 9.500l5 5M21 9.500l-5 5',
  offline:
    'M3 3l18 18M5 12.500a10 10 0 014-2.400M8.5 16a5 5 0 017 0M13.5 9.100A10 10 0 0119 12.500M2 9a14 14 0 015-3M11 5a14 14 0 0111 4M12 19.500v.01',
  pin: 'M9 4h6l-.5 6 3 3.500H6.500l3-3.500L9 4zM12 13.500V20',
  plus: 'M12 5v14M5 12h14',
  reply: 'M9 7l-5 5 5 5M4 12h10a6 6 0 016 6',
  save: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  search: 'M16.5 16.500L21 21M18.5 10.750a7.750 7.750 0 11-15.5 0 7.750 7.750 0 0115.5 0z',
  send: 'M4 12l16-8-5.5 16-3-6.500L4 12zM11.5 13.500L20 4',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM9 19.500a2.5 2.5 0 100-5 2.5 2.5 0 000 5z',
  shield:
    'M12 3l7.5 3v5.500c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.500V6L12 3zM8.5 12l2.5 2.5 4.5-5',
  trash: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5.500M14 11v5.5',
  warning: 'M12 9v5M12 17v.01M12 3.500L22 20.500H2L12 3.500z',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** A button that is an icon: its name is what is read out, and shown where the pointer rests. */
export function IconButton({
  icon,
  name,
  onClick,
  kind = 'plain',
  disabled = false,
  expanded,
}: {
  readonly icon: IconName;
  readonly name: string;
  readonly onClick: (event: MouseEvent & { readonly currentTarget: HTMLButtonElement }) => void;
  readonly kind?: 'plain' | 'primary';
  readonly disabled?: boolean;
  readonly expanded?: boolean;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${kind}`}
      title={name}
      aria-label={name}
      disabled={disabled}
      {...(expanded !== undefined && { 'aria-expanded': expanded })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
