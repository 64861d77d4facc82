/** A file in a message: pictures are shown, sound and video are played, anything else is saved. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MessageFile } from '../../client/sdk/index.ts';
import { bytesOf } from '../i18n/times.ts';
import { words } from '../i18n/words.ts';
import type { Chat } from '../model/chat.ts';
import { addressOf, isPicture, isPlayed, save, shownPictureBytesMax } from '../model/files.ts';
import { attempt, reasonOf } from '../model/notices.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';

interface FilePlace {
  readonly chat: Chat;
  readonly file: MessageFile;
}

/** Sides of a picture in a message, at most. */
const shownSide = { width: 320, height: 320 } as const;
/** Of a picture whose sender has not said its sides. */
const unknownSides = { width: 320, height: 240 } as const;

export function FileView({ chat, file }: FilePlace) {
  if (isPicture(file)) return <Picture chat={chat} file={file} />;
  return <Attachment chat={chat} file={file} />;
}

function Picture({ chat, file }: FilePlace) {
  const address = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const isOpen = useSignal(false);
  const frame = useRef<HTMLButtonElement>(null);
  const thumbnail = useThumbnail(file);
  useEffect(() => {
    const element = frame.current;
    if (!element || file.bytes > shownPictureBytesMax) return;
    const load = async () => {
      try {
        address.value = await addressOf(chat, file);
      } catch (error) {
        problem.value = reasonOf(error);
      }
    };
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      void load();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [chat, file, address, problem]);
  const w = words.value;
  const { width, height } = shownSides(file);
  const shown = address.value ?? thumbnail;
  return (
    <>
      <button
        ref={frame}
        type="button"
        class="picture"
        style={{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}
        aria-label={`${w.showPicture}: ${file.name}`}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {shown === undefined ? <Icon name="file" /> : <img src={shown} alt="" />}
      </button>
      {problem.value !== undefined && <p class="pending-line">{problem.value}</p>}
      {isOpen.value && (
        <Dialog
          title={file.name}
          kind="wide"
          onClose={() => {
            isOpen.value = false;
          }}
        >
          <WholePicture chat={chat} file={file} />
        </Dialog>
      )}
    </>
  );
}

function WholePicture({ chat, file }: FilePlace) {
  const address = useSignal<string | undefined>(undefined);
  useEffect(
    () =>
      void attempt(async () => {
        address.value = await addressOf(chat, file);
      }),
    [chat, file, address],
  );
  const w = words.value;
  return (
    <>
      {address.value === undefined ? (
        <p class="aside">{w.loading}</p>
      ) : (
        <img class="whole-picture" src={address.value} alt={file.name} />
      )}
      <div class="actions">
        <button type="button" onClick={() => void attempt(() => save(chat, file, () => undefined))}>
          {w.save}
        </button>
      </div>
    </>
  );
}

function Attachment({ chat, file }: FilePlace) {
  const share = useSignal<number | undefined>(undefined);
  const address = useSignal<string | undefined>(undefined);
  const isBusy = useComputed(() => share.value !== undefined);
  const w = words.value;
  const open = () =>
    void attempt(async () => {
      share.value = 0;
      const told = (part: number) => {
        share.value = part;
      };
      try {
        if (isPlayed(file)) address.value = await addressOf(chat, file, told);
        else await save(chat, file, told);
      } finally {
        share.value = undefined;
      }
    });
  if (address.value !== undefined) return <Player file={file} address={address.value} />;
  return (
    <button type="button" class="file-line" disabled={isBusy.value} onClick={open}>
      <Icon name={isPlayed(file) ? 'file' : 'save'} />
      <span class="file-name">
        <span dir="auto">{file.name}</span>
        <small>
          {bytesOf(file.bytes)} · {isPlayed(file) ? w.open : w.save}
        </small>
      </span>
      {share.value !== undefined && <progress max={1} value={share.value} aria-label={w.loading} />}
    </button>
  );
}

function Player({ file, address }: { readonly file: MessageFile; readonly address: string }) {
  return file.type.startsWith('audio/') ? (
    // biome-ignore lint/a11y/useMediaCaption: what others have sent has none
    <audio class="player" controls src={address} aria-label={file.name} />
  ) : (
    // biome-ignore lint/a11y/useMediaCaption: what others have sent has none
    <video class="player" controls src={address} aria-label={file.name} />
  );
}

/** Of the small picture that came with the message, for as long as it is shown. */
function useThumbnail({ thumbnail }: MessageFile): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!thumbnail) return;
    const url = URL.createObjectURL(new Blob([Uint8Array.from(thumbnail)]));
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [thumbnail]);
  return address;
}

/** Known before it is loaded, so that nothing moves when it comes. */
function shownSides({ width, height }: MessageFile): {
  readonly width: number;
  readonly height: number;
} {
  if (!width || !height) return unknownSides;
  const share = Math.min(1, shownSide.width / width, shownSide.height / height);
  return {
    width: Math.max(48, Math.round(width * share)),
    height: Math.max(48, Math.round(height * share)),
  };
}
