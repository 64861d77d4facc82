/**
 * A copy of a node's children over one connection, kept current by watches.
 *
 * A watch on the list alone is not enough. Replacing a child (a successor on the old address) fires
 * it once, and the list is the same as before; changed data does not fire it at all. So every child
 * has a watch of its own, which tells of both, and only what changed is read again. What that costs
 * with 1000 servers, which tell their load every 5 s at most: a reader holds 1000 watches, reads
 * 1000 nodes (100 bytes each) when it connects, 64 at a time, and then at most 200 a second; one
 * that comes or goes costs one list and one read.
 */
import type { Connection } from './connection.ts';
import { SerialTask } from './serial-task.ts';

export interface FolderMirrorOptions<T> {
  readonly connection: Connection;
  readonly path: string;
  /** False: the names are all that is wanted, and `decode` gets no data. */
  readonly withData: boolean;
  /**
   * What a child means; undefined for one that is to be ignored. A child created later has a
   * greater `createdOrder`.
   */
  readonly decode: (name: string, data: string, createdOrder: number) => T | undefined;
  /**
   * Called with all children, by name, when all have been read for the first time and then whenever
   * the copy has changed.
   */
  readonly onChange: (children: ReadonlyMap<string, T>) => void;
}

interface Child<T> {
  readonly data: string;
  readonly createdOrder: number;
  readonly value: T | undefined;
}

const readsAtOnceMax = 64;

export class FolderMirror<T> {
  readonly #options: FolderMirrorOptions<T>;
  readonly #children = new Map<string, Child<T>>();
  readonly #updating = new SerialTask(() => this.#update());
  readonly #stale = new Set<string>();
  #isListStale = true;
  #isLoaded = false;
  #hasChanged = true;

  constructor(options: FolderMirrorOptions<T>) {
    this.#options = options;
  }

  /** Resolves when the copy has been complete for the first time. */
  load(): Promise<void> {
    return this.#updating.request();
  }

  /** To be told of every node event of the connection. */
  noticeEvent(path: string): void {
    const folder = this.#options.path;
    if (path === folder) this.#isListStale = true;
    else if (path.startsWith(`${folder}/`)) this.#stale.add(path.slice(folder.length + 1));
    else return;
    this.#updating.request().catch((error: unknown) => this.#options.connection.fail(error));
  }

  async #update(): Promise<void> {
    while (this.#isListStale || this.#stale.size > 0) {
      if (this.#isListStale) await this.#readList();
      const names = [...this.#stale].slice(0, readsAtOnceMax);
      for (const name of names) this.#stale.delete(name);
      await Promise.all(names.map((name) => this.#readChild(name)));
      // Not only at the end: where something changes all the time there may be none.
      if (this.#isLoaded) this.#tell();
    }
    this.#isLoaded = true;
    this.#tell();
  }

  #tell(): void {
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.#options.onChange(this.#values());
  }

  async #readList(): Promise<void> {
    const { connection, path, withData } = this.#options;
    this.#isListStale = false;
    const names = new Set(await connection.children(path));
    for (const name of this.#children.keys()) {
      if (!names.has(name)) this.#forget(name);
    }
    for (const name of names) {
      if (this.#children.has(name)) continue;
      if (withData) this.#stale.add(name);
      else this.#keep(name, '', 0);
    }
  }

  async #readChild(name: string): Promise<void> {
    const node = await this.#options.connection.read(`${this.#options.path}/${name}`);
    if (node) this.#keep(name, node.data, node.facts.createdOrder);
    else this.#forget(name);
  }

  #keep(name: string, data: string, createdOrder: number): void {
    const known = this.#children.get(name);
    if (known?.data === data && known.createdOrder === createdOrder) return;
    const value = this.#options.decode(name, data, createdOrder);
    this.#children.set(name, { data, createdOrder, value });
    this.#hasChanged = true;
  }

  #forget(name: string): void {
    if (this.#children.delete(name)) this.#hasChanged = true;
  }

  #values(): Map<string, T> {
    const values = new Map<string, T>();
    for (const [name, { value }] of this.#children) {
      if (value !== undefined) values.set(name, value);
    }
    return values;
  }
}
