/**
 * A file as a message tells of it (File in proto/content.proto): what others may say, and what not. Its
 * name is text: whoever saves it makes a name of a file of it first.
 */
import { limits } from '../base/limits.ts';
import { isMediaType } from '../base/text/media-type.ts';
import type { File } from './generated/messages.ts';

/** A file that a message brings. With it whoever holds it can read the file. */
export interface MessageFile {
  readonly id: string;
  /** What proves to routes that the file may be read. */
  readonly capability: string;
  /** Says what it is; no path, nor a part of one. */
  readonly name: string;
  /** How many it has. */
  readonly bytes: number;
  /** Its media type, as its sender says. */
  readonly type: string;
  /** Of a picture or a video, in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Of a sound or a video. */
  readonly durationMs?: number;
  /** A small picture of it, made by its sender. */
  readonly thumbnail?: Uint8Array;
  /** What it is encrypted with; absent: it is not. */
  readonly key?: Uint8Array;
  readonly sha256: Uint8Array;
}

/** 128 bits as base64url. */
const idForm = /^[A-Za-z0-9_-]{22}$/;
/** As routes make them: they go into a header. */
export const capabilityForm = /^[A-Za-z0-9_-]{22,64}$/;
/** What separates the parts of a path, and what cannot be seen. */
const notOfNames = /[\p{Cc}/\\]/u;

export const fileKeyBytes = 32;
const hashBytes = 32;

/** `file` may be in a buffer that is used again: its bytes are copied. */
export function fileOf(file: File): MessageFile {
  const { width, height, durationMs, thumbnail, key, sha256, ...rest } = file;
  return {
    ...rest,
    ...(width && { width }),
    ...(height && { height }),
    ...(durationMs && { durationMs }),
    ...(thumbnail.length > 0 && { thumbnail: Uint8Array.from(thumbnail) }),
    ...(key.length > 0 && { key: Uint8Array.from(key) }),
    sha256: Uint8Array.from(sha256),
  };
}

/** In words; undefined: there is none. */
export function problemOfFile(file: MessageFile): string | undefined {
  const { id, capability, name, bytes, type, thumbnail, key, sha256 } = file;
  if (!idForm.test(id) || !capabilityForm.test(capability))
    return 'a file has the id and the capability that its upload has';
  if (!isFileName(name))
    return `the name of a file has 1 to ${limits.fileNameCharactersMax} characters, and none of a path`;
  if (!isWhole(bytes, Number.MAX_SAFE_INTEGER)) return 'a file has a whole number of bytes';
  if (!isMediaType(type)) return 'the type of a file is a media type, as image/png';
  if ((thumbnail?.length ?? 0) > limits.thumbnailBytesMax)
    return `a thumbnail has at most ${limits.thumbnailBytesMax} bytes`;
  if (key && key.length !== fileKeyBytes) return `the key of a file has ${fileKeyBytes} bytes`;
  if (sha256.length !== hashBytes) return `the SHA-256 of a file has ${hashBytes} bytes`;
  return problemOfMeasures(file);
}

function problemOfMeasures({ width, height, durationMs = 0 }: MessageFile): string | undefined {
  if ((width === undefined) !== (height === undefined)) return 'width and height come together';
  if (!isWhole(width ?? 0, limits.pictureSideMax) || !isWhole(height ?? 0, limits.pictureSideMax))
    return `width and height are at most ${limits.pictureSideMax}`;
  return isWhole(durationMs, Number.MAX_SAFE_INTEGER) ? undefined : 'durationMs is a whole number';
}

function isFileName(name: string): boolean {
  return (
    name.trim() !== '' &&
    name !== '.' &&
    name !== '..' &&
    name.length <= limits.fileNameCharactersMax &&
    name.isWellFormed() &&
    !notOfNames.test(name)
  );
}

function isWhole(number: number, max: number): boolean {
  return Number.isSafeInteger(number) && number >= 0 && number <= max;
}
