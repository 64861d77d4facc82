/** Choosing an emoji: those that were used last, and all others by their English names. */
import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ignore } from '../../base/ignore.ts';
import { words } from '../i18n/words.ts';
import { keep, kept } from '../model/keep.ts';

/** Names are loaded when they are asked for. */
type Names = readonly (readonly [emoji: string, name: string])[];

const usual = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];
const recentMax = 16;
const shownMax = 240;

const recent = signal<readonly string[]>(kept('emoji', isTexts) ?? usual);
const names = signal<Names | undefined>(undefined);

export function EmojiPicker({ onPick }: { readonly onPick: (emoji: string) => void }) {
  const sought = useSignal('');
  useEffect(() => {
    if (names.peek()) return;
    import('./emoji-names.ts')
      .then((loaded) => {
        names.value = loaded.emojiNames;
      })
      .catch(ignore('offline, and never loaded: the usual ones are here'));
  }, []);
  const w = words.value;
  const pick = (emoji: string) => {
    const rest = recent.peek().filter((each) => each !== emoji);
    recent.value = [emoji, ...rest].slice(0, recentMax);
    keep('emoji', recent.peek());
    onPick(emoji);
  };
  const word = sought.value.trim().toLowerCase();
  const found = (names.value ?? [])
    .filter(([, name]) => name.includes(word))
    .slice(0, shownMax * (word ? 1 : 8));
  const nameOf = (emoji: string) => names.value?.find(([each]) => each === emoji)?.[1] ?? emoji;
  return (
    <div class="emoji-picker">
      <input
        type="search"
        placeholder={w.emojiSearch}
        aria-label={w.emojiSearch}
        value={sought.value}
        autofocus
        onInput={({ currentTarget }) => {
          sought.value = currentTarget.value;
        }}
        onKeyDown={({ key }) => {
          const [first] = found;
          if (key === 'Enter' && first) pick(first[0]);
        }}
      />
      <div class="emoji-list">
        {word === '' && (
          <section aria-label={w.emojiRecent}>
            {recent.value.map((emoji) => (
              <EmojiButton key={emoji} emoji={emoji} name={nameOf(emoji)} onPick={pick} />
            ))}
          </section>
        )}
        <section aria-label={w.emoji}>
          {found.map(([emoji, name]) => (
            <EmojiButton key={emoji} emoji={emoji} name={name} onPick={pick} />
          ))}
          {word !== '' && found.length === 0 && <p class="aside">{w.noMatches}</p>}
        </section>
      </div>
    </div>
  );
}

function EmojiButton({
  emoji,
  name,
  onPick,
}: {
  readonly emoji: string;
  readonly name: string;
  readonly onPick: (emoji: string) => void;
}) {
  return (
    <button type="button" title={name} aria-label={name} onClick={() => onPick(emoji)}>
      {emoji}
    </button>
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
