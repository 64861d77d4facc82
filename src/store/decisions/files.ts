/**
 * What becomes of files. Pure; begin-file.lua, keep-part.lua, finish-file.lua and cancel-file.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type {
  FileBegin,
  FileCancel,
  FileFacts,
  FileFinish,
  FileRoom,
  FullRoom,
  PartKeeping,
  StoredFile,
  Upload,
} from '../files.ts';

/** How many bytes count already. */
export interface FileCounts {
  readonly userBytes: number;
  readonly allBytes: number;
  readonly userUnfinishedBytes: number;
  readonly allUnfinishedBytes: number;
}

export function countedBytes({ bytes }: Pick<FileFacts, 'bytes'>): number {
  return Math.max(bytes, limits.fileCountedBytesMin);
}

export function isKept({ expiresAt }: Pick<StoredFile, 'expiresAt'>, now: number): boolean {
  return expiresAt > now;
}

/** `begun` with `known` if there is one: nothing is to be written then. */
export function decideBegin(
  known: StoredFile | undefined,
  upload: Upload,
  counts: FileCounts,
  room: FileRoom,
  now: number,
): FileBegin {
  if (known) {
    const isSame = hasSameFacts(known, upload) && isKept(known, now);
    return isSame ? { status: 'begun', file: known } : { status: 'taken' };
  }
  const full = fullRoom(countedBytes(upload), counts, room);
  if (full) return { status: 'no-room', of: full };
  const expiresAt = now + limits.fileIdleMs;
  return {
    status: 'begun',
    file: { ...upload, isFinished: false, begunAt: now, expiresAt, parts: new Map() },
  };
}

function fullRoom(bytes: number, counts: FileCounts, room: FileRoom): FullRoom | undefined {
  if (counts.userBytes + bytes > room.userBytesMax) return 'user';
  if (counts.allBytes + bytes > room.allBytesMax) return 'all';
  if (counts.userUnfinishedBytes + bytes > room.userUnfinishedBytesMax) return 'user-unfinished';
  if (counts.allUnfinishedBytes + bytes > room.allUnfinishedBytesMax) return 'all-unfinished';
  return undefined;
}

export function decideKeepPart(
  known: StoredFile | undefined,
  number: number,
  sha256: string,
  now: number,
): PartKeeping {
  if (!known || !isKept(known, now)) return 'unknown';
  if (known.isFinished) return 'finished';
  return (known.parts.get(number) ?? sha256) === sha256 ? 'kept' : 'taken';
}

/** Until when an upload is kept of which a new part has come. */
export function expiryAfterPart(
  { begunAt, expiresAt }: Pick<StoredFile, 'begunAt' | 'expiresAt'>,
  now: number,
): number {
  return Math.max(expiresAt, Math.min(begunAt + limits.fileUnfinishedMs, now + limits.fileIdleMs));
}

export function decideCancel(known: StoredFile | undefined, now: number): FileCancel {
  if (!known || !isKept(known, now)) return 'unknown';
  return known.isFinished ? 'finished' : 'cancelled';
}

/** `finished` with the time of before if it was: nothing is to be written then. */
export function decideFinish(
  known: StoredFile | undefined,
  parts: readonly string[],
  lifeMs: number,
  now: number,
): FileFinish {
  if (!known || !isKept(known, now)) return { status: 'unknown' };
  if (known.isFinished) return { status: 'finished', expiresAt: known.expiresAt };
  const isSame =
    parts.length === known.parts.size &&
    parts.every((sha256, number) => known.parts.get(number) === sha256);
  return isSame ? { status: 'finished', expiresAt: now + lifeMs } : { status: 'changed' };
}

function hasSameFacts(one: FileFacts, other: FileFacts): boolean {
  return (
    one.owner === other.owner &&
    one.bytes === other.bytes &&
    one.type === other.type &&
    one.sha256 === other.sha256
  );
}
