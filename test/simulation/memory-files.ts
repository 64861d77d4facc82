/** Files in memory, as src/store/files.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import {
  countedBytes,
  decideBegin,
  decideFinish,
  decideKeepPart,
  isKept,
} from '../../src/store/decisions/files.ts';
import type {
  FileBegin,
  FileFacts,
  FileFinish,
  FileRoom,
  Files,
  FileUsage,
  PartKeeping,
  StoredFile,
  Upload,
} from '../../src/store/files.ts';
import type { MemoryData } from './memory-shard.ts';

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
    const counts = {
      userBytes: bytesOf(all.filter(({ owner }) => owner === upload.owner)),
      allBytes: bytesOf(all),
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
    const keeping = decideKeepPart(known, number, sha256, this.#now());
    if (known && keeping.status === 'kept')
      this.#set({ ...known, parts: new Map(known.parts).set(number, sha256) });
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
      .map(({ userId, own }) => ({ userId, files: own.length, bytes: bytesOf(own) }))
      .toSorted((one, other) => other.bytes - one.bytes || one.userId - other.userId)
      .slice(0, limits.fileOwnersListedMax);
    return { files: all.length, bytes: bytesOf(all), owners };
  }

  #set(file: StoredFile): void {
    this.#data.files.set(file.id, { ...file, removeAt: file.expiresAt + limits.fileRemovedMs });
  }
}

function bytesOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, file) => sum + countedBytes(file), 0);
}
