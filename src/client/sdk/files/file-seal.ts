/**
 * The encryption of one file (File in proto/content.proto): each piece of it is bound to the file, to
 * its number and to how many there are. What opens is what its sender has sealed, at this very place.
 */

import { limits } from '../../../base/limits.ts';
import type { CryptoKey } from '../../../base/secrets/crypto-key.ts';
import { isOfWebCrypto, webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fileKeyBytes } from '../../../codec/file-content.ts';

const tagBytes = 16;
const nonceBytes = 12;
export const sealedPieceBytes = limits.filePieceBytes + tagBytes;

const utf8 = new TextEncoder();

export class FileSeal {
  readonly #key: CryptoKey;
  readonly #id: string;
  readonly #count: number;
  /** Of all pieces, sealed: what is uploaded. */
  readonly bytes: number;

  private constructor(key: CryptoKey, id: string, plainBytes: number) {
    this.#key = key;
    this.#id = id;
    this.#count = pieceCount(plainBytes);
    this.bytes = plainBytes + this.#count * tagBytes;
  }

  /** A key is for one file alone: `key` and `id` are drawn anew for each. */
  static async of(key: Uint8Array, id: string, plainBytes: number): Promise<FileSeal> {
    if (key.length !== fileKeyBytes) throw new Error(`a key has ${fileKeyBytes} bytes`);
    const algorithm = 'AES-GCM';
    const usages = ['encrypt', 'decrypt'] as const;
    const copy = Uint8Array.from(key);
    const imported = await webCrypto().importKey('raw', copy, algorithm, false, [...usages]);
    return new FileSeal(imported, id, plainBytes);
  }

  /** `number`: from 0 on. */
  async seal(number: number, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await webCrypto().encrypt(this.#place(number), this.#key, plain));
  }

  /** Undefined: it is not what was sealed for this place, or was altered since. */
  async open(
    number: number,
    sealed: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return new Uint8Array(await webCrypto().decrypt(this.#place(number), this.#key, sealed));
    } catch (error) {
      if (isOfWebCrypto(error)) return undefined;
      throw error;
    }
  }

  #place(number: number) {
    const iv = new Uint8Array(nonceBytes);
    new DataView(iv.buffer).setBigUint64(nonceBytes - 8, BigInt(number));
    const additionalData = utf8.encode(`cim file v1 ${this.#id} ${number}/${this.#count}`);
    return { name: 'AES-GCM', iv, additionalData, tagLength: tagBytes * 8 };
  }
}

/** An empty file has one: that it is empty is sealed, too. */
function pieceCount(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / limits.filePieceBytes));
}
