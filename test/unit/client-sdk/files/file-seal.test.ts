/** How a file is encrypted: as proto/content.proto says, so that any other client can open it. */
import { createDecipheriv, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { FileSeal } from '../../../../src/client/sdk/files/file-seal.ts';
import { UploadSource } from '../../../../src/client/sdk/files/upload-source.ts';
import { sha256 } from '../../../../src/client/sdk/node/node-platform.ts';

const key = new Uint8Array(randomBytes(32));
const id = 'AAAAAAAAAAAAAAAAAAAAAA';
const { filePieceBytes } = limits;
const piece = (fill: number, length = 10) => new Uint8Array(length).fill(fill);

test('the pieces one after the other are opened by what the format says, and nothing else', async () => {
  const plain = new Uint8Array(randomBytes(2 * filePieceBytes + 5));
  const seal = await FileSeal.of(key, id, plain.length);
  const source = new UploadSource(new Blob([plain]), seal);
  const sealed = await source.read(0, source.bytes);
  expect(sealed).toHaveLength(plain.length + 3 * 16);
  const opened: Buffer[] = [];
  for (const [number, start] of [0, filePieceBytes + 16, 2 * (filePieceBytes + 16)].entries()) {
    const part = sealed.subarray(start, start + filePieceBytes + 16);
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(number, 8);
    const cipher = createDecipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(`cim file v1 ${id} ${number}/3`));
    cipher.setAuthTag(part.subarray(-16));
    opened.push(Buffer.concat([cipher.update(part.subarray(0, -16)), cipher.final()]));
  }
  expect(Buffer.concat(opened).equals(plain)).toBe(true);
});

test('a piece opens at its place alone', async () => {
  const seal = await FileSeal.of(key, id, 2 * filePieceBytes);
  const sealed = await seal.seal(1, piece(7));
  expect(await seal.open(1, sealed)).toEqual(piece(7));
  expect(await seal.open(0, sealed)).toBeUndefined();
  const longer = await FileSeal.of(key, id, 3 * filePieceBytes);
  expect(await longer.open(1, sealed)).toBeUndefined();
  const another = await FileSeal.of(key, 'BAAAAAAAAAAAAAAAAAAAAA', 2 * filePieceBytes);
  expect(await another.open(1, sealed)).toBeUndefined();
  const otherKey = await FileSeal.of(randomBytes(32), id, 2 * filePieceBytes);
  expect(await otherKey.open(1, sealed)).toBeUndefined();
  for (const place of [0, 5, sealed.length - 1]) {
    const altered = Uint8Array.from(sealed);
    altered[place]! ^= 1;
    expect(await seal.open(1, altered)).toBeUndefined();
  }
  expect(await seal.open(1, sealed.slice(0, 15))).toBeUndefined();
});

test('an empty file is sealed, too', async () => {
  const seal = await FileSeal.of(key, id, 0);
  const source = new UploadSource(new Blob([]), seal);
  expect(source.bytes).toBe(16);
  expect(await seal.open(0, await source.read(0, 16))).toEqual(new Uint8Array());
});

test('any range of what is uploaded is the same, however it is read', async () => {
  const plain = new Uint8Array(randomBytes(filePieceBytes + 100));
  const seal = await FileSeal.of(key, id, plain.length);
  for (const source of [
    new UploadSource(new Blob([plain])),
    new UploadSource(new Blob([plain]), seal),
  ]) {
    const all = await source.read(0, source.bytes);
    const cuts = [0, 1, filePieceBytes - 3, filePieceBytes + 20, source.bytes];
    const parts = [];
    for (const [index, cut] of cuts.slice(1).entries())
      parts.push(await source.read(cuts[index]!, cut));
    expect(Buffer.concat(parts).equals(all)).toBe(true);
    const { plain: hash, uploaded } = await source.hash(sha256, new AbortController().signal);
    const hashOf = (bytes: Uint8Array) => {
      const running = sha256();
      running.update(bytes);
      return running.digest();
    };
    expect(hash).toEqual(hashOf(plain));
    expect(uploaded).toEqual(hashOf(all));
  }
});
