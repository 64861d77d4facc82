/**
 * A disk that is full, has room again or takes no writes when a test says so: a tmpfs in a mount
 * namespace of its own. Only what is started on it sees it; it is gone with the test.
 */
import { execFile } from 'node:child_process';
import { appendFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { dyingWithParent } from '../../src/processes/programs.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

const mounting = 'mount -t tmpfs -o size="$1" none "$2" && echo mounted && exec sleep infinity';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export class SmallDisk {
  /** Where it is for what is started on it; to others this is an empty folder. */
  readonly folder: string;
  /** The same for the test itself. */
  readonly seen: string;
  readonly #bytes: number;
  readonly #keeper: TestProcess;
  readonly #ballast: string;

  private constructor(bytes: number, keeper: TestProcess, folder: string) {
    this.#bytes = bytes;
    this.#keeper = keeper;
    this.folder = folder;
    this.seen = join(`/proc/${keeper.pid}/root`, folder);
    this.#ballast = join(this.seen, 'ballast');
  }

  static async start(bytes: number): Promise<SmallDisk> {
    const folder = temporaryFolder('disk');
    const keeper = await startProcess({
      name: 'the disk',
      command: 'unshare',
      args: [
        ...['--mount', '--map-root-user', '--'],
        ...['bash', '-ec', mounting, 'bash', `${bytes}`, folder],
      ],
      ready: ({ stdout }) => stdout.includes('mounted'),
    });
    return new SmallDisk(bytes, keeper, folder);
  }

  /** What starts this on it. */
  on(command: string, args: readonly string[]): Command {
    const where = [
      '--target',
      `${this.#keeper.pid}`,
      '--user',
      '--mount',
      '--preserve-credentials',
    ];
    return { command: 'nsenter', args: [...where, '--', ...dyingWithParent(), command, ...args] };
  }

  /** No more than `leftBytes` fit, but for what lies in pages that were begun. */
  fill(leftBytes = 0): void {
    const more = Buffer.alloc(this.#bytes);
    expect(() => appendFileSync(this.#ballast, more)).toThrow('ENOSPC');
    truncateSync(this.#ballast, statSync(this.#ballast).size - leftBytes);
  }

  makeRoom(): void {
    rmSync(this.#ballast);
  }

  /** As a disk that is damaged: nothing may be open for writing. */
  async takeNoWrites(): Promise<void> {
    const { command, args } = this.on('mount', ['-o', 'remount,bind,ro', this.folder]);
    await run(command, args);
  }
}
