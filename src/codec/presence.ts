/** PRESENCE frames: whom a client watches, and who of them is there. */
import { limits } from '../base/limits.ts';
import { command } from './commands.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

/** Whom a client watches: all of them. */
export interface WatchFrame {
  readonly userIds: ReadonlySet<number>;
  /** Those of whom it was told, on its connection before, that they are online. */
  readonly online: ReadonlySet<number>;
}

/** What a client is told of a user whom it watches. */
export interface PresenceNews {
  readonly userId: number;
  readonly online: boolean;
  /** ms since 1970; 0 = not shown, or not known, or online. */
  readonly lastSeen: number;
}

export function watchFields({ userIds, online }: WatchFrame) {
  return {
    cmd: command.presence,
    watched: encodeIds(userIds),
    watchedOnline: encodeIds(online),
  };
}

/** Throws ProtocolError for what is no id, and for more of them than may be. */
export function decodeIds(bytes: Uint8Array): ReadonlySet<number> {
  const reader = new VarintReader(bytes);
  const ids = new Set<number>();
  // Those named twice count twice: a frame has room for a million of them.
  for (let count = 0; !reader.done; count++) {
    if (count >= limits.watchedPerConnectionMax)
      throw new ProtocolError(
        `a connection watches at most ${limits.watchedPerConnectionMax} users`,
      );
    const id = reader.next();
    if (id === 0 || id > limits.userIdMax) throw new ProtocolError(`${id} is no user id`);
    ids.add(id);
  }
  return ids;
}

function encodeIds(ids: ReadonlySet<number>): Uint8Array {
  const lengths = Array.from(ids, varintLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const id of ids) offset = writeVarint(bytes, id, offset);
  return bytes;
}
