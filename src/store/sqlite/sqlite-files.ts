/** What is known of files, in SQLite. */
import { limits } from '../../base/limits.ts';
import {
  countedBytes,
  decideBegin,
  decideFinish,
  decideKeepPart,
  isKept,
} from '../decisions/files.ts';
import type {
  FileBegin,
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
  readonly expiresAt: number;
}

interface Sum {
  readonly files: number;
  readonly bytes: number;
}

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
  readonly #dropPart: Statement<never>;
  readonly #finish: Statement<never>;
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
         expires_at AS expiresAt FROM files WHERE id = ?`,
    );
    this.#selectParts = database.prepare('SELECT number, sha256 FROM file_parts WHERE file = ?');
    const sum = 'SELECT count(*) AS files, ifnull(sum(counted), 0) AS bytes FROM files';
    this.#sumOfOwner = database.prepare(`${sum} WHERE owner = ?`);
    this.#sum = database.prepare(sum);
    this.#sumByOwner = database.prepare(
      `SELECT owner AS userId, count(*) AS files, sum(counted) AS bytes FROM files
       GROUP BY owner ORDER BY bytes DESC, owner LIMIT ${limits.fileOwnersListedMax}`,
    );
    this.#insert = database.prepare(
      `INSERT INTO files (id, owner, bytes, counted, type, sha256, capability, expires_at, remove_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#keepPart = database.prepare(
      'INSERT OR REPLACE INTO file_parts (file, number, sha256) VALUES (?, ?, ?)',
    );
    this.#dropPart = database.prepare(
      `DELETE FROM file_parts WHERE file = ?1 AND number = ?2 AND sha256 = ?3
         AND (SELECT is_finished FROM files WHERE id = ?1) = 0`,
    );
    this.#finish = database.prepare(
      'UPDATE files SET is_finished = 1, expires_at = ?, remove_at = ? WHERE id = ?',
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
      const userBytes = this.#sumOfOwner.get(upload.owner)?.bytes ?? 0;
      const allBytes = this.#sum.get()?.bytes ?? 0;
      const begun = decideBegin(known, upload, { userBytes, allBytes }, room, now);
      if (begun.status === 'begun' && !known) {
        const { id, owner, bytes, type, sha256, capability, expiresAt } = begun.file;
        const facts = [id, owner, bytes, countedBytes(upload), type, sha256, capability];
        this.#insert.run(...facts, expiresAt, expiresAt + limits.fileRemovedMs);
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
      const keeping = decideKeepPart(this.#read(id), number, sha256, now);
      if (keeping.status === 'kept') this.#keepPart.run(id, number, sha256);
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
      const { files = 0, bytes = 0 } = this.#sum.get() ?? {};
      return { files, bytes, owners: this.#sumByOwner.all().map((owner) => ({ ...owner })) };
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
