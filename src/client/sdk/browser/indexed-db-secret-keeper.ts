/**
 * The secret of an account in IndexedDB, encrypted by a key that no script can read (AES-256-GCM, made
 * here, not extractable): so what lies in the database is no secret, for whoever dumps or copies its
 * values. A script of this page can use that key as this one does, and a browser keeps it on its disk:
 * neither that script nor whoever reads the disk is kept out.
 *
 * Any tab of the account may use it at the same time: each change is one transaction.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import type { KeptSecrets, SecretKeeper } from '../platform.ts';
import { type DeviceDatabase, openDatabase } from './database.ts';

/** `name`: that of the device's storage. */
export function indexedDbSecretKeeper(name: string): SecretKeeper {
  return new IndexedDbSecretKeeper(name);
}

interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly bytes: ArrayBuffer;
}

type SealedSecrets = { readonly [Which in keyof KeptSecrets]: Sealed };

const secretsName = 'secrets';
const keyName = 'secrets-key';
const cipher = 'AES-GCM';
const nonceBytes = 12;

class IndexedDbSecretKeeper implements SecretKeeper {
  readonly #name: string;
  #database: Promise<DeviceDatabase> | undefined;
  #key: CryptoKey | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async load(): Promise<KeptSecrets> {
    let database: DeviceDatabase;
    try {
      database = await this.#open();
    } catch {
      // Where nothing can be kept nothing is; who offers one is told why.
      return {};
    }
    return this.#opened(((await database.get('values', secretsName)) ?? {}) as SealedSecrets);
  }

  async offer(which: keyof KeptSecrets, secret: string): Promise<string> {
    const offered = await this.#seal(secret);
    const { [which]: kept } = await this.#change((sealed) => ({ [which]: offered, ...sealed }));
    return kept === offered ? secret : this.#openOne(kept as Sealed);
  }

  async promote(next: string): Promise<void> {
    const before = await this.#sealedOnes();
    if (!before.next || (await this.#openOne(before.next)) !== next) return;
    await this.#changeFrom(before, { current: before.next });
  }

  async replace(current: string | undefined, secret: string): Promise<void> {
    const before = await this.#sealedOnes();
    const kept = before.current && (await this.#openOne(before.current));
    if (kept === current) await this.#changeFrom(before, { current: await this.#seal(secret) });
  }

  /** Nothing happens if another tab has changed them since: it knows better. */
  async #changeFrom(before: SealedSecrets, after: SealedSecrets): Promise<void> {
    await this.#change((sealed) => (isSame(sealed, before) ? after : sealed));
  }

  /** Answers what is kept then. */
  async #change(change: (sealed: SealedSecrets) => SealedSecrets): Promise<SealedSecrets> {
    const database = await this.#open();
    const transaction = database.transaction('values', 'readwrite', { durability: 'strict' });
    const before = ((await transaction.store.get(secretsName)) ?? {}) as SealedSecrets;
    const after = change(before);
    if (after !== before) await transaction.store.put(after, secretsName);
    await transaction.done;
    return after;
  }

  async #sealedOnes(): Promise<SealedSecrets> {
    const database = await this.#open();
    return ((await database.get('values', secretsName)) ?? {}) as SealedSecrets;
  }

  async #opened({ current, next }: SealedSecrets): Promise<KeptSecrets> {
    return {
      ...(current && { current: await this.#openOne(current) }),
      ...(next && { next: await this.#openOne(next) }),
    };
  }

  async #seal(secret: string): Promise<Sealed> {
    const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const bytes = new TextEncoder().encode(secret);
    const key = await this.#wrappingKey();
    return { nonce, bytes: await webCrypto().encrypt({ name: cipher, iv: nonce }, key, bytes) };
  }

  /** What makes no sense is not passed over: a new secret would not be the account's. */
  async #openOne({ nonce, bytes }: Sealed): Promise<string> {
    try {
      const key = await this.#wrappingKey();
      const plain = await webCrypto().decrypt({ name: cipher, iv: nonce }, key, bytes);
      const secret = decodeUtf8(new Uint8Array(plain));
      if (secret !== undefined) return secret;
    } catch (error) {
      const reason = `the secret cannot be read: ${describeError(error)}`;
      throw new CimError('bad-config', reason, { cause: error });
    }
    throw new CimError('bad-config', 'the secret cannot be read: it is no text');
  }

  /** The first one that was kept: of several tabs that make one at the same time one wins. */
  async #wrappingKey(): Promise<CryptoKey> {
    if (this.#key) return this.#key;
    const made = await webCrypto().generateKey({ name: cipher, length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]);
    const database = await this.#open();
    const transaction = database.transaction('values', 'readwrite', { durability: 'strict' });
    const kept = (await transaction.store.get(keyName)) as CryptoKey | undefined;
    if (!kept) await transaction.store.put(made, keyName);
    await transaction.done;
    this.#key = kept ?? made;
    return this.#key;
  }

  /** Again if it did not work, or was closed for a newer version. */
  #open(): Promise<DeviceDatabase> {
    this.#database ??= this.#opening();
    return this.#database;
  }

  async #opening(): Promise<DeviceDatabase> {
    try {
      const database = await openDatabase(this.#name);
      database.addEventListener('close', () => this.#forget());
      database.addEventListener('versionchange', () => this.#forget());
      return database;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#database = undefined;
    this.#key = undefined;
  }
}

function isSame(one: SealedSecrets, other: SealedSecrets): boolean {
  const nonceOf = (sealed: Sealed | undefined) => sealed?.nonce.join();
  return (
    nonceOf(one.current) === nonceOf(other.current) && nonceOf(one.next) === nonceOf(other.next)
  );
}
