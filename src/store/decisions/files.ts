/**
 * What becomes of files. Pure; begin-file.lua, keep-part.lua and finish-file.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type {
  FileBegin,
  FileFacts,
  FileFinish,
  FileRoom,
  PartKeeping,
  StoredFile,
  Upload,
} from '../files.ts';

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
  { userBytes, allBytes }: { readonly userBytes: number; readonly allBytes: number },
  { userBytesMax, allBytesMax }: FileRoom,
  now: number,
): FileBegin {
  if (known) {
    const isSame = hasSameFacts(known, upload) && isKept(known, now);
    return isSame ? { status: 'begun', file: known } : { status: 'taken' };
  }
  const counted = countedBytes(upload);
  if (userBytes + counted > userBytesMax) return { status: 'no-room', of: 'user' };
  if (allBytes + counted > allBytesMax) return { status: 'no-room', of: 'all' };
  const expiresAt = now + limits.fileUnfinishedMs;
  return {
    status: 'begun',
    file: { ...upload, isFinished: false, expiresAt, parts: new Map() },
  };
}

export function decideKeepPart(
  known: StoredFile | undefined,
  number: number,
  sha256: string,
  now: number,
): PartKeeping {
  if (!known || !isKept(known, now)) return { status: 'unknown' };
  if (known.isFinished) return { status: 'finished' };
  const before = known.parts.get(number) ?? null;
  return { status: 'kept', replaced: before === sha256 ? null : before };
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
