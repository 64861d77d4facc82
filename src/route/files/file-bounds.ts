/** The bounds of files, as an operator has set them (src/config/options/files.ts). */
import { limits } from '../../base/limits.ts';
import type { FileBounds } from './file-service.ts';

export interface FileSettings {
  readonly fileBytes: number;
  readonly userFileBytes: number;
  readonly allFileBytes: number;
  /** As `timelineDays`, if absent. */
  readonly fileDays: number | undefined;
  readonly timelineDays: number;
}

const dayMs = 24 * 3600 * 1000;

export function fileBoundsOf(settings: FileSettings): FileBounds {
  const { fileBytes, userFileBytes, allFileBytes } = settings;
  const ofUnfinished = (bytes: number, share: number) =>
    Math.max(fileBytes, limits.fileCountedBytesMin, Math.floor(bytes * share));
  return {
    fileBytesMax: fileBytes,
    userBytesMax: userFileBytes,
    allBytesMax: allFileBytes,
    userUnfinishedBytesMax: ofUnfinished(userFileBytes, limits.userUnfinishedShare),
    allUnfinishedBytesMax: ofUnfinished(allFileBytes, limits.allUnfinishedShare),
    lifeMs: (settings.fileDays ?? settings.timelineDays) * dayMs,
  };
}
