/** The bounds of files, as an operator has set them (src/config/options/files.ts). */
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
  return {
    fileBytesMax: settings.fileBytes,
    userBytesMax: settings.userFileBytes,
    allBytesMax: settings.allFileBytes,
    lifeMs: (settings.fileDays ?? settings.timelineDays) * dayMs,
  };
}
