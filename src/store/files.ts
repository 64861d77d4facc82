/**
 * What is known of files: whose they are, how large, which of their parts have come, and until when
 * they are kept. Their bytes are elsewhere (src/files/). begun → finished → expired → removed; all
 * times are the store's own clock. An upload that is cancelled, or makes no progress, expires too.
 *
 * A number of which a part has come takes no other bytes any more: nothing that is stored is ever
 * replaced, so whoever removes bytes that nobody knows of never meets those of another. Between expiring and being removed nobody gets a file:
 * that is when some route takes its bytes away, so a crash leaves none for ever.
 */

/** What its sender says of it. None of it ever changes. */
export interface FileFacts {
  /** 128 random bits that the sender has drawn, base64url. */
  readonly id: string;
  readonly owner: number;
  /** As they are uploaded. */
  readonly bytes: number;
  /** A MIME type. */
  readonly type: string;
  /** Of all bytes, in hex. */
  readonly sha256: string;
}

export interface Upload extends FileFacts {
  /** Whoever bears it may upload the file's parts until it is finished, and read it from then on. */
  readonly capability: string;
}

export interface StoredFile extends Upload {
  readonly isFinished: boolean;
  /** ms since 1970 */
  readonly begunAt: number;
  /** ms since 1970 */
  readonly expiresAt: number;
  /** The hash of each part that has come, by its number. */
  readonly parts: ReadonlyMap<number, string>;
}

/**
 * Bytes of all files of a user and of a cluster, each counted as `limits.fileCountedBytesMin` at least;
 * and of those that are not finished: they take room by a word alone.
 */
export interface FileRoom {
  readonly userBytesMax: number;
  readonly allBytesMax: number;
  readonly userUnfinishedBytesMax: number;
  readonly allUnfinishedBytesMax: number;
}

/** Of what there is no room. */
export type FullRoom = 'user' | 'all' | 'user-unfinished' | 'all-unfinished';

export type FileBegin =
  /** Now, or before with the same facts: then its capability is that of the first time. */
  | { readonly status: 'begun'; readonly file: StoredFile }
  /** The id is another file's: of another owner, with other facts, or one that has expired. */
  | { readonly status: 'taken' }
  | { readonly status: 'no-room'; readonly of: FullRoom };

/** `kept`: also if it was before. `taken`: another part has this number. */
export type PartKeeping = 'kept' | 'taken' | 'finished' | 'unknown';

/** `finished`: it stays. */
export type FileCancel = 'cancelled' | 'finished' | 'unknown';

export type FileFinish =
  | { readonly status: 'finished'; readonly expiresAt: number }
  /** Its parts are not those that were looked at. */
  | { readonly status: 'changed' }
  | { readonly status: 'unknown' };

export interface FileOwner {
  readonly userId: number;
  readonly files: number;
  /** As they count. */
  readonly bytes: number;
  /** Of these: of uploads that are not finished. */
  readonly unfinishedBytes: number;
}

export interface FileUsage {
  /** Of all, also of what has expired and is not removed yet. */
  readonly files: number;
  readonly bytes: number;
  readonly unfinishedBytes: number;
  /** Up to `limits.fileOwnersListedMax`, those with most bytes first. */
  readonly owners: readonly FileOwner[];
}

export interface Files {
  /**
   * Unfinished, it expires `limits.fileIdleMs` after its beginning, or after the last part that was a
   * new one, and `limits.fileUnfinishedMs` after its beginning in any case. Repeating it is harmless.
   */
  begin(upload: Upload, room: FileRoom): Promise<FileBegin>;

  /** Null also for one that has expired. */
  find(id: string): Promise<StoredFile | null>;

  /** Its bytes are stored. */
  keepPart(id: string, number: number, sha256: string): Promise<PartKeeping>;

  /** Its bytes are not those that its hash says, or are gone: it has to come again. */
  dropPart(id: string, number: number, sha256: string): Promise<void>;

  /**
   * From now on it can be read, for `lifeMs`. `parts`: the hash of each, in order, as they were looked
   * at. Repeating it gives the same answer.
   */
  finish(id: string, parts: readonly string[], lifeMs: number): Promise<FileFinish>;

  /** Unfinished, it expires now, and counts as the smallest file until it is removed. */
  cancel(id: string): Promise<FileCancel>;

  /** All files of a user expire now. */
  expireOf(owner: number): Promise<void>;

  /**
   * Up to `limit` files that expired `limits.fileRemovedMs` ago, for `leaseMs`: nobody else gets them
   * until then.
   */
  leaseExpired(limit: number, leaseMs: number): Promise<Pick<FileFacts, 'id' | 'owner'>[]>;

  /** Their bytes are gone: forgets them, and what they counted. */
  remove(files: readonly Pick<FileFacts, 'id' | 'owner'>[]): Promise<void>;

  usage(): Promise<FileUsage>;
}
