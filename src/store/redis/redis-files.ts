/**
 * What is known of files, in Redis. They are few, as each counts for some bytes that are bounded, and
 * all bear one hash tag: so one script knows what a user and what all have.
 */
import { limits } from '../../base/limits.ts';
import { countedBytes } from '../decisions/files.ts';
import type {
  FileBegin,
  FileCancel,
  FileFacts,
  FileFinish,
  FileOwner,
  FileRoom,
  Files,
  FileUsage,
  FullRoom,
  PartKeeping,
  StoredFile,
  Upload,
} from '../files.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisFiles implements Files {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async begin(upload: Upload, room: FileRoom): Promise<FileBegin> {
    const { id, owner, bytes, type, sha256, capability } = upload;
    const facts = [id, owner, bytes, type, sha256, capability, countedBytes(upload)];
    const bounds = [room.userBytesMax, room.allBytesMax];
    const unfinished = [room.userUnfinishedBytesMax, room.allUnfinishedBytesMax];
    const times = [limits.fileIdleMs, limits.fileRemovedMs];
    const reply = await this.#calls.run(scripts.beginFile, this.#keysOf(upload), [
      ...facts,
      ...[...bounds, ...unfinished, ...times],
    ]);
    if (Array.isArray(reply)) return { status: 'begun', file: fileOf(id, reply.slice(1)) };
    const status = String(reply);
    return status === 'taken' ? { status: 'taken' } : { status: 'no-room', of: status as FullRoom };
  }

  async find(id: string): Promise<StoredFile | null> {
    const reply = (await this.#calls.run(scripts.findFile, [this.#keys.file(id)])) as unknown[];
    return reply.length === 0 ? null : fileOf(id, reply);
  }

  async keepPart(id: string, number: number, sha256: string): Promise<PartKeeping> {
    const keys = [this.#keys.file(id), this.#keys.fileExpiry()];
    const times = [limits.fileIdleMs, limits.fileUnfinishedMs, limits.fileRemovedMs];
    const reply = await this.#calls.run(scripts.keepPart, keys, [id, number, sha256, ...times]);
    return String(reply) as PartKeeping;
  }

  async dropPart(id: string, number: number, sha256: string): Promise<void> {
    await this.#calls.run(scripts.dropPart, [this.#keys.file(id)], [number, sha256]);
  }

  async finish(id: string, parts: readonly string[], lifeMs: number): Promise<FileFinish> {
    const keys = [this.#keys.file(id), this.#keys.fileExpiry(), this.#keys.fileUnfinished()];
    const reply = await this.#calls.run(scripts.finishFile, keys, [
      ...[id, lifeMs, limits.fileRemovedMs],
      ...parts,
    ]);
    if (typeof reply === 'number') return { status: 'finished', expiresAt: reply };
    return { status: String(reply) as 'changed' | 'unknown' };
  }

  async cancel(id: string): Promise<FileCancel> {
    const keys = [
      this.#keys.file(id),
      this.#keys.fileBytes(),
      this.#keys.fileOwners(),
      this.#keys.fileExpiry(),
      this.#keys.fileUnfinished(),
    ];
    const args = [id, limits.fileCountedBytesMin, limits.fileRemovedMs];
    return String(await this.#calls.run(scripts.cancelFile, keys, args)) as FileCancel;
  }

  async expireOf(owner: number): Promise<void> {
    const own = this.#keys.filesOf(owner);
    const ids = await this.#calls.membersAbove(own, 0, Number.MAX_SAFE_INTEGER);
    const items = ids.map(
      (id): Item => ({
        keys: [this.#keys.file(id), this.#keys.fileExpiry()],
        args: [memberOf({ owner, id })],
      }),
    );
    await this.#calls.runAll(scripts.expireFile, items, [limits.fileRemovedMs]);
  }

  async leaseExpired(limit: number, leaseMs: number): Promise<Pick<FileFacts, 'id' | 'owner'>[]> {
    const expiry = [this.#keys.fileExpiry()];
    const reply = await this.#calls.run(scripts.leaseFiles, expiry, [limit, leaseMs]);
    return (reply as Buffer[]).map((member) => parseMember(String(member)));
  }

  async remove(files: readonly Pick<FileFacts, 'id' | 'owner'>[]): Promise<void> {
    const items = files.map((file): Item => {
      return { keys: this.#keysOf(file), args: [file.id, file.owner] };
    });
    await this.#calls.runAll(scripts.removeFile, items);
  }

  async usage(): Promise<FileUsage> {
    const keys = [
      this.#keys.fileBytes(),
      this.#keys.fileOwners(),
      this.#keys.fileExpiry(),
      this.#keys.fileUnfinished(),
    ];
    const reply = await this.#calls.run(scripts.countFiles, keys, [limits.fileOwnersListedMax]);
    const counts = (reply as unknown[]).map((value) => Number(String(value)));
    const [files = 0, bytes = 0, unfinishedBytes = 0, ...named] = counts;
    const owners: FileOwner[] = [];
    for (let at = 0; at < named.length; at += 3) {
      const [userId = 0, ownBytes = 0, ownUnfinished = 0] = named.slice(at, at + 3);
      const own = await this.#calls.countOf(this.#keys.filesOf(userId));
      owners.push({ userId, files: own, bytes: ownBytes, unfinishedBytes: ownUnfinished });
    }
    return { files, bytes, unfinishedBytes, owners };
  }

  /** In the order of begin-file.lua and remove-file.lua. */
  #keysOf({ id, owner }: Pick<FileFacts, 'id' | 'owner'>): string[] {
    return [
      this.#keys.file(id),
      this.#keys.fileBytes(),
      this.#keys.fileOwners(),
      this.#keys.filesOf(owner),
      this.#keys.fileExpiry(),
      this.#keys.fileUnfinished(),
    ];
  }
}

function fileOf(id: string, reply: readonly unknown[]): StoredFile {
  const fields = new Map<string, string>();
  for (let at = 0; at < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  const parts = new Map<number, string>();
  for (const [field, value] of fields) if (/^\d+$/.test(field)) parts.set(Number(field), value);
  const text = (name: string) => fields.get(name) ?? '';
  return {
    id,
    owner: Number(text('owner')),
    bytes: Number(text('bytes')),
    type: text('type'),
    sha256: text('sha256'),
    capability: text('capability'),
    isFinished: fields.has('finished'),
    begunAt: Number(text('begun')),
    expiresAt: Number(text('expires')),
    parts,
  };
}

function memberOf({ owner, id }: Pick<FileFacts, 'id' | 'owner'>): string {
  return `${owner}.${id}`;
}

function parseMember(member: string): Pick<FileFacts, 'id' | 'owner'> {
  const dot = member.indexOf('.');
  return { owner: Number(member.slice(0, dot)), id: member.slice(dot + 1) };
}
