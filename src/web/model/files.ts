/**
 * Files: sent as messages, with a small picture where there is one to make; opened as blobs, which the
 * page shows and no other page can ask for.
 */
import { ignore } from '../../base/ignore.ts';
import type { MessageFile } from '../../client/sdk/index.ts';
import { discard, newKey, replacePending } from './actions.ts';
import type { Chat } from './chat.ts';
import type { OpenConversation } from './conversation.ts';
import { reasonOf } from './notices.ts';
import type { Pending } from './outbox.ts';

/** What a browser shows as a picture, and runs nothing of. */
const pictureTypes: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
];
const thumbnailSide = 360;
/** As messages may have at most (limits.thumbnailBytesMax). */
const thumbnailBytesMax = 20 * 1024;
/** From the finest on, until one is small enough. */
const qualities = [0.8, 0.6, 0.4, 0.2] as const;
/** Characters of a name (limits.fileNameCharactersMax). */
const nameCharactersMax = 255;
/** Pictures that are shown without being asked for. */
export const shownPictureBytesMax = 10 * 1024 * 1024;
/** Opened files that are held, the last ones. */
const openedMax = 40;

export function isPicture({ type }: Pick<MessageFile, 'type'>): boolean {
  return pictureTypes.includes(type);
}

/** Sends them one after the other. */
export async function sayFiles(
  chat: Chat,
  conversation: OpenConversation,
  files: readonly File[],
  extras: Pending['extras'],
): Promise<void> {
  for (const file of files) await sayFile(chat, conversation, file, extras);
}

async function sayFile(
  chat: Chat,
  conversation: OpenConversation,
  blob: File,
  extras: Pending['extras'],
): Promise<void> {
  const ended = new AbortController();
  const key = newKey();
  const name = nameOf(blob);
  const cancel = () => ended.abort(new DOMException('the user has ended it', 'AbortError'));
  const pending = { key, text: name, extras, at: Date.now(), state: 'sending' } as const;
  conversation.pending.value = [
    ...conversation.pending.peek(),
    { ...pending, progress: 0, cancel },
  ];
  try {
    const picture = pictureTypes.includes(blob.type) ? await measured(blob) : {};
    const { target } = conversation;
    const { file, id, seq, encrypted } = await chat.client.sendFile(target, blob, {
      name,
      ...picture,
      ...extras,
      signal: ended.signal,
      onProgress: ({ bytes, total }) =>
        replacePending(conversation, key, { progress: total === 0 ? 1 : bytes / total }),
    });
    discard(chat, conversation, pending);
    keepOpened(file.id, URL.createObjectURL(blob));
    const { userId: from, userName: fromName } = chat.me;
    const secrecy = encrypted && ({ encrypted: true, key: 'verified' } as const);
    const message = { id, from, fromName, ...target, text: `[${name}]`, ...extras, file, seq };
    chat.sent(target, { ...message, at: Date.now(), ...secrecy });
  } catch (error) {
    if (ended.signal.aborted) discard(chat, conversation, pending);
    else replacePending(conversation, key, { state: 'failed', reason: reasonOf(error) });
  }
}

/** A name that others can take: what is pasted has none. */
function nameOf({ name, type }: File): string {
  const plain = name
    .replace(/[\p{Cc}/\\]/gu, '_')
    .trim()
    .slice(-nameCharactersMax);
  return plain === '' || plain === '.' || plain === '..'
    ? `file.${type.split('/')[1] ?? 'bin'}`
    : plain;
}

/** Of a picture, if the browser can read it: its sides and a small one of it. */
async function measured(blob: Blob): Promise<{
  readonly width?: number;
  readonly height?: number;
  readonly thumbnail?: Uint8Array;
}> {
  try {
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    const share = Math.min(1, thumbnailSide / Math.max(width, height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(width * share)),
      Math.max(1, Math.round(height * share)),
    );
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    for (const quality of qualities) {
      const small = await canvas.convertToBlob({ type: 'image/webp', quality });
      if (small.size > thumbnailBytesMax) continue;
      return { width, height, thumbnail: new Uint8Array(await small.arrayBuffer()) };
    }
    return { width, height };
  } catch {
    return {};
  }
}

// ---- what was sent --------------------------------------------------------------------------------

/** Addresses of blobs, by file; the one used last at the end. */
const opened = new Map<string, Promise<string>>();

function keepOpened(id: string, url: string): void {
  opened.set(id, Promise.resolve(url));
  for (const [oldest, address] of opened) {
    if (opened.size <= openedMax) break;
    opened.delete(oldest);
    address
      .then((each) => URL.revokeObjectURL(each))
      .catch(ignore('it was never opened, and whoever asked was told'));
  }
}

/** The address of what is in the file, in this page alone. Rejects as CimClient.openFile() does. */
export async function addressOf(
  { client }: Chat,
  file: MessageFile,
  onProgress: (share: number) => void = () => undefined,
): Promise<string> {
  const known = opened.get(file.id);
  if (known) return known;
  const address = download(client, file, onProgress);
  opened.set(file.id, address);
  try {
    keepOpened(file.id, await address);
  } catch {
    opened.delete(file.id);
  }
  return address;
}

async function download(
  client: Chat['client'],
  file: MessageFile,
  onProgress: (share: number) => void,
): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const told = ({ bytes, total }: { readonly bytes: number; readonly total: number }) =>
    onProgress(total === 0 ? 1 : bytes / total);
  for await (const part of client.openFile(file, { onProgress: told }))
    parts.push(Uint8Array.from(part));
  // Of anything else the browser is to make nothing: it is saved, not shown.
  const type = isPicture(file) || isPlayed(file) ? file.type : 'application/octet-stream';
  return URL.createObjectURL(new Blob(parts, { type }));
}

export function isPlayed({ type }: Pick<MessageFile, 'type'>): boolean {
  return /^(?:audio|video)\/[\w.+-]+$/.test(type);
}

/** Gives it to the user under its name. */
export async function save(
  chat: Chat,
  file: MessageFile,
  onProgress: (share: number) => void,
): Promise<void> {
  const link = document.createElement('a');
  link.href = await addressOf(chat, file, onProgress);
  link.download = file.name;
  link.click();
}
