/** What is known of files, in SQLite. */
import { limits } from '../../base/limits.ts';
import {
  countedBytes,
  decideBegin,
  decideCancel,
  decideFinish,
  decideKeepPart,
  expiryAfterPart,
  isKept,
} from '../decisions/files.ts';
import type {
  FileBegin,
  FileCancel,
  FileFacts,
  FileFinish,
  FileOwner,
  FileRoom,
  Files,
  FileUsage,
  PartKeeping,
  StoredFile,
  Upload,
} from '../files.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

interface FileRow extends Upload {
  readonly isFinished: number;
  readonly begunAt: number;
  readonly expiresAt: number;
}

type Sum = Pick<FileUsage, 'files' | 'bytes' | 'unfinishedBytes'>;

const nothing: Sum = { files: 0, bytes: 0, unfinishedBytes: 0 };

export class SqliteFiles implements Files {
  readonly #database: Database;
  readonly #clock: Now;
  readonly #select: Statement<FileRow>;
  readonly #selectParts: Statement<{ number: number; sha256: string }>;
  readonly #sumOfOwner: Statement<Sum>;
  readonly #sum: Statement<Sum>;
  readonly #sumByOwner: Statement<FileOwner>;
  readonly #insert: Statement<never>;
  readonly #keepPart: Statement<never>;
  readonly #expireAt: Statement<never>;
  readonly #dropPart: Statement<never>;
  readonly #finish: Statement<never>;
  readonly #cancel: Statement<never>;
  readonly #expireOf: Statement<never>;
  readonly #selectRemovable: Statement<Pick<FileFacts, 'id' | 'owner'>>;
  readonly #postpone: Statement<never>;
  readonly #deleteParts: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(database: Database, clock: Now) {
    this.#database = database;
    this.#clock = clock;
    this.#select = database.prepare(
      `SELECT id, owner, bytes, type, sha256, capability, is_finished AS isFinished,
         begun_at AS begunAt, expires_at AS expiresAt FROM files WHERE id = ?`,
    );
    this.#selectParts = database.prepare('SELECT number, sha256 FROM file_parts WHERE file = ?');
    const sums = `count(*) AS files, ifnull(sum(counted), 0) AS bytes,
      ifnull(sum(iif(is_finished, 0, counted)), 0) AS unfinishedBytes FROM files`;
    this.#sumOfOwner = database.prepare(`SELECT ${sums} WHERE owner = ?`);
    this.#sum = database.prepare(`SELECT ${sums}`);
    this.#sumByOwner = database.prepare(
      `SELECT owner AS userId, ${sums}
       GROUP BY owner ORDER BY bytes DESC, owner LIMIT ${limits.fileOwnersListedMax}`,
    );
    this.#insert = database.prepare(
      `INSERT INTO files (id, owner, bytes, counted, type, sha256, capability, begun_at, expires_at,
         remove_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#keepPart = database.prepare(
      'INSERT INTO file_parts (file, number, sha256) VALUES (?, ?, ?)',
    );
    this.#expireAt = database.prepare(
      'UPDATE files SET expires_at = ?, remove_at = ? WHERE id = ?',
    );
    this.#dropPart = database.prepare(
      `DELETE FROM file_parts WHERE file = ?1 AND number = ?2 AND sha256 = ?3
         AND (SELECT is_finished FROM files WHERE id = ?1) = 0`,
    );
    this.#finish = database.prepare(
      'UPDATE files SET is_finished = 1, expires_at = ?, remove_at = ? WHERE id = ?',
    );
    this.#cancel = database.prepare(
      'UPDATE files SET counted = ?, expires_at = ?, remove_at = ? WHERE id = ?',
    );
    this.#expireOf = database.prepare(
      'UPDATE files SET expires_at = ?2, remove_at = ?3 WHERE owner = ?1 AND expires_at > ?2',
    );
    this.#selectRemovable = database.prepare(
      'SELECT id, owner FROM files WHERE remove_at <= ? ORDER BY remove_at LIMIT ?',
    );
    this.#postpone = database.prepare('UPDATE files SET remove_at = ? WHERE id = ?');
    this.#deleteParts = database.prepare('DELETE FROM file_parts WHERE file = ?');
    this.#delete = database.prepare('DELETE FROM files WHERE id = ?');
  }

  async begin(upload: Upload, room: FileRoom): Promise<FileBegin> {
    const now = this.#clock.now();
    return this.#database.transaction('durable', () => {
      const known = this.#read(upload.id);
      const own = this.#sumOfOwner.get(upload.owner) ?? nothing;
      const all = this.#sum.get() ?? nothing;
      const counts = {
        ...{ userBytes: own.bytes, allBytes: all.bytes },
        userUnfinishedBytes: own.unfinishedBytes,
        allUnfinishedBytes: all.unfinishedBytes,
      };
      const begun = decideBegin(known, upload, counts, room, now);
      if (begun.status === 'begun' && !known) {
        const { id, owner, bytes, type, sha256, capability, expiresAt } = begun.file;
        const facts = [id, owner, bytes, countedBytes(upload), type, sha256, capability];
        this.#insert.run(...facts, now, expiresAt, expiresAt + limits.fileRemovedMs);
      }
      return begun;
    });
  }

  async find(id: string): Promise<StoredFile | null> {
    const file = this.#database.read(() => this.#read(id));
    return file && isKept(file, this.#clock.now()) ? file : null;
  }

  async keepPart(id: string, number: number, sha256: string): Promise<PartKeeping> {
    const now = this.#clock.now();
    return this.#database.transaction('durable', () => {
      const known = this.#read(id);
      const keeping = decideKeepPart(known, number, sha256, now);
      if (!known || keeping !== 'kept' || known.parts.has(number)) return keeping;
      this.#keepPart.run(id, number, sha256);
      const expiresAt = expiryAfterPart(known, now);
      this.#expireAt.run(expiresAt, expiresAt + limits.fileRemovedMs, id);
      return keeping;
    });
  }

  async dropPart(id: string, number: number, sha256: string): Promise<void> {
    this.#database.transaction('durable', () => this.#dropPart.run(id, number, sha256));
  }

  async finish(id: string, parts: readonly string[], lifeMs: number): Promise<FileFinish> {
    const now = this.#clock.now();
    return this.#database.transaction('durable', () => {
      const known = this.#read(id);
      const finish = decideFinish(known, parts, lifeMs, now);
      if (finish.status === 'finished' && !known?.isFinished)
        this.#finish.run(finish.expiresAt, finish.expiresAt + limits.fileRemovedMs, id);
      return finish;
    });
  }

  async cancel(id: string): Promise<FileCancel> {
    const now = this.#clock.now();
    return this.#database.transaction('durable', () => {
      const cancel = decideCancel(this.#read(id), now);
      if (cancel === 'cancelled')
        this.#cancel.run(limits.fileCountedBytesMin, now, now + limits.fileRemovedMs, id);
      return cancel;
    });
  }

  async expireOf(owner: number): Promise<void> {
    const now = this.#clock.now();
    this.#database.transaction('durable', () =>
      this.#expireOf.run(owner, now, now + limits.fileRemovedMs),
    );
  }

  async leaseExpired(limit: number, leaseMs: number): Promise<Pick<FileFacts, 'id' | 'owner'>[]> {
    const now = this.#clock.now();
    const found = this.#database.read(() => this.#selectRemovable.all(now, limit));
    if (found.length === 0) return [];
    // Removing what a power failure makes free again is harmless.
    this.#database.transaction('ordered', () => {
      for (const { id } of found) this.#postpone.run(now + leaseMs, id);
    });
    return found.map(({ id, owner }) => ({ id, owner }));
  }

  async remove(files: readonly Pick<FileFacts, 'id'>[]): Promise<void> {
    this.#database.transaction('ordered', () => {
      for (const { id } of files) {
        this.#deleteParts.run(id);
        this.#delete.run(id);
      }
    });
  }

  async usage(): Promise<FileUsage> {
    return this.#database.read(() => {
      const owners = this.#sumByOwner.all().map((owner) => ({ ...owner }));
      return { ...nothing, ...this.#sum.get(), owners };
    });
  }

  #read(id: string): StoredFile | undefined {
    const row = this.#select.get(id);
    if (!row) return undefined;
    const parts = new Map<number, string>();
    for (const { number, sha256 } of this.#selectParts.iterate(id)) parts.set(number, sha256);
    return { ...row, isFinished: row.isFinished === 1, parts };
  }
}
