/** Files in memory, as src/store/files.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import {
  countedBytes,
  decideBegin,
  decideCancel,
  decideFinish,
  decideKeepPart,
  expiryAfterPart,
  isKept,
} from '../../src/store/decisions/files.ts';
import type {
  FileBegin,
  FileCancel,
  FileFacts,
  FileFinish,
  FileRoom,
  Files,
  FileUsage,
  PartKeeping,
  StoredFile,
  Upload,
} from '../../src/store/files.ts';
import type { KnownFile, MemoryData } from './memory-shard.ts';

export class MemoryFiles implements Files {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async begin(upload: Upload, room: FileRoom): Promise<FileBegin> {
    const { files } = this.#data;
    const all = [...files.values()];
    const own = all.filter(({ owner }) => owner === upload.owner);
    const counts = {
      userBytes: bytesOf(own),
      allBytes: bytesOf(all),
      userUnfinishedBytes: bytesOf(own.filter(isUnfinished)),
      allUnfinishedBytes: bytesOf(all.filter(isUnfinished)),
    };
    const begun = decideBegin(files.get(upload.id), upload, counts, room, this.#now());
    if (begun.status === 'begun' && !files.has(upload.id)) this.#set(begun.file);
    return begun;
  }

  async find(id: string): Promise<StoredFile | null> {
    const file = this.#data.files.get(id);
    return file && isKept(file, this.#now()) ? file : null;
  }

  async keepPart(id: string, number: number, sha256: string): Promise<PartKeeping> {
    const known = this.#data.files.get(id);
    const now = this.#now();
    const keeping = decideKeepPart(known, number, sha256, now);
    if (known && keeping === 'kept' && !known.parts.has(number))
      this.#set({
        ...known,
        parts: new Map(known.parts).set(number, sha256),
        expiresAt: expiryAfterPart(known, now),
      });
    return keeping;
  }

  async dropPart(id: string, number: number, sha256: string): Promise<void> {
    const known = this.#data.files.get(id);
    if (!known || known.isFinished || known.parts.get(number) !== sha256) return;
    const parts = new Map(known.parts);
    parts.delete(number);
    this.#set({ ...known, parts });
  }

  async finish(id: string, parts: readonly string[], lifeMs: number): Promise<FileFinish> {
    const known = this.#data.files.get(id);
    const finish = decideFinish(known, parts, lifeMs, this.#now());
    if (known && finish.status === 'finished')
      this.#set({ ...known, isFinished: true, expiresAt: finish.expiresAt });
    return finish;
  }

  async cancel(id: string): Promise<FileCancel> {
    const now = this.#now();
    const known = this.#data.files.get(id);
    const cancel = decideCancel(known, now);
    if (known && cancel === 'cancelled') this.#set({ ...known, isCancelled: true, expiresAt: now });
    return cancel;
  }

  async expireOf(owner: number): Promise<void> {
    const now = this.#now();
    for (const file of this.#data.files.values())
      if (file.owner === owner && isKept(file, now)) this.#set({ ...file, expiresAt: now });
  }

  async leaseExpired(limit: number, leaseMs: number): Promise<Pick<FileFacts, 'id' | 'owner'>[]> {
    const now = this.#now();
    const free = [...this.#data.files.values()]
      .filter(({ removeAt }) => removeAt <= now)
      .toSorted((one, other) => one.removeAt - other.removeAt)
      .slice(0, limit);
    for (const file of free) this.#data.files.set(file.id, { ...file, removeAt: now + leaseMs });
    return free.map(({ id, owner }) => ({ id, owner }));
  }

  async remove(removed: readonly Pick<FileFacts, 'id'>[]): Promise<void> {
    for (const { id } of removed) this.#data.files.delete(id);
  }

  async usage(): Promise<FileUsage> {
    const all = [...this.#data.files.values()];
    const owners = [...new Set(all.map(({ owner }) => owner))]
      .map((userId) => ({ userId, own: all.filter(({ owner }) => owner === userId) }))
      .map(({ userId, own }) => ({ userId, ...totals(own) }))
      .toSorted((one, other) => other.bytes - one.bytes || one.userId - other.userId)
      .slice(0, limits.fileOwnersListedMax);
    return { ...totals(all), owners };
  }

  #set(file: Omit<KnownFile, 'removeAt'>): void {
    this.#data.files.set(file.id, { ...file, removeAt: file.expiresAt + limits.fileRemovedMs });
  }
}

function isUnfinished({ isFinished }: KnownFile): boolean {
  return !isFinished;
}

function totals(files: readonly KnownFile[]) {
  const unfinishedBytes = bytesOf(files.filter(isUnfinished));
  return { files: files.length, bytes: bytesOf(files), unfinishedBytes };
}

function bytesOf(files: readonly KnownFile[]): number {
  const counted = (file: KnownFile) =>
    file.isCancelled ? limits.fileCountedBytesMin : countedBytes(file);
  return files.reduce((sum, file) => sum + counted(file), 0);
}
