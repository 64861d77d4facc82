/** The SDK's needs, met by Node.js. */
import type { Platform, Storage } from '../platform.ts';

export function nodePlatform(): Platform {
  throw new Error('to be written');
}

/** A device's state in this folder (`--state DIR`); without one in the user's config directory, one folder per user id. */
export function folderStorage(_options: {
  readonly userId: number;
  readonly folder?: string;
}): Storage {
  throw new Error('to be written');
}
