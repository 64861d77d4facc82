/**
 * The secret of an account in the folder of a device's state, for its owner's eyes only:
 * `secret.json`, and beside it `secret-next.json` while it is being changed. Not in `state.json`,
 * which one process at a time has: any process of the owner may be the account's.
 *
 * No locks: a file appears whole or not at all, by a link that fails where one is there already, and
 * one takes the place of another by a rename.
 */
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CimError, describeError } from '../../../base/errors.ts';
import { readPrivateText } from '../../../base/secrets/private-file.ts';
import type { KeptSecrets, SecretKeeper } from '../platform.ts';
import { flushFolder } from './flush-folder.ts';
import { makeFolder } from './make-folder.ts';

const fileNames = { current: 'secret.json', next: 'secret-next.json' } as const;

export function folderSecretKeeper(folder: string): SecretKeeper {
  return new FolderSecretKeeper(folder);
}

class FolderSecretKeeper implements SecretKeeper {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(): Promise<KeptSecrets> {
    // In this order: `next` becomes `current` in between, and is then read twice, not never.
    const next = await this.#read('next');
    const current = await this.#read('current');
    return { ...(current !== undefined && { current }), ...(next !== undefined && { next }) };
  }

  async offer(which: keyof KeptSecrets, secret: string): Promise<string> {
    await makeFolder(this.#folder);
    const written = await this.#write(secret);
    try {
      await link(written, this.#path(which));
      await flushFolder(this.#folder);
      return secret;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      // Gone again by now: another process is a whole change of the secret ahead.
      return (await this.#read(which)) ?? (await this.offer(which, secret));
    } finally {
      await rm(written, { force: true });
    }
  }

  async promote(next: string): Promise<void> {
    if ((await this.#read('next')) !== next) return;
    try {
      await rename(this.#path('next'), this.#path('current'));
    } catch (error) {
      // Another process has just done so.
      if (!isCode(error, 'ENOENT')) throw error;
    }
    await flushFolder(this.#folder);
  }

  async replace(current: string | undefined, secret: string): Promise<void> {
    if ((await this.#read('current')) !== current) return;
    await makeFolder(this.#folder);
    await rename(await this.#write(secret), this.#path('current'));
    await rm(this.#path('next'), { force: true });
    await flushFolder(this.#folder);
  }

  /** Beside, flushed; the path. */
  async #write(secret: string): Promise<string> {
    const path = join(this.#folder, `secret.${randomUUID()}.new`);
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify({ version: 1, secret }));
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  }

  /** A file that makes no sense is not passed over: a new secret would not be the account's. */
  async #read(which: keyof KeptSecrets): Promise<string | undefined> {
    const path = this.#path(which);
    let text: string;
    try {
      text = await readPrivateText(path);
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      const { cause } = error;
      if (isCode(cause, 'ENOENT') || isCode(cause, 'ENOTDIR')) return undefined;
      if (cause === undefined) throw error;
      throw new CimError('bad-config', `the secret cannot be read: ${describeError(cause)}`, {
        cause,
      });
    }
    const secret = secretIn(text);
    if (secret === undefined)
      throw new CimError('bad-config', `${path} does not hold the secret of an account`);
    return secret;
  }

  #path(which: keyof KeptSecrets): string {
    return join(this.#folder, fileNames[which]);
  }
}

function secretIn(text: string): string | undefined {
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    // What the error says quotes the text.
    return undefined;
  }
  const { version, secret } = (saved ?? {}) as Record<string, unknown>;
  return version === 1 && typeof secret === 'string' ? secret : undefined;
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}
