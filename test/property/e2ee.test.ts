/**
 * Sealed messages: any text comes out as it went in, for both sides; and no change of any byte, nor
 * any bytes at all, comes out as a text. fast-check prints the seed and the smallest example that
 * fails.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { decodeUtf8 } from '../../src/base/text/utf8.ts';
import { sealBytes, takeApart } from '../../src/client/sdk/e2ee/sealed-message.ts';
import { generateKeys, type OwnKeys, open } from '../../src/client/sdk/e2ee/sealing.ts';
import { runs } from '../support/fuzz.ts';

const identity = '1.0011223344556677.2.1';
let bob: OwnKeys;
let amy: OwnKeys;

beforeAll(async () => {
  [bob, amy] = await Promise.all([generateKeys(), generateKeys()]);
});

function sealText(text: string, receiver: OwnKeys): Promise<Uint8Array> {
  return sealBytes(new TextEncoder().encode(text), bob, receiver, identity);
}

async function openText(part: Uint8Array, reader: OwnKeys): Promise<string | undefined> {
  const bytes = await open(part, bob, reader, identity);
  return bytes && decodeUtf8(bytes);
}

/** As amy reads it, and as another device of bob does. */
async function read(sealed: Uint8Array): Promise<(string | undefined)[]> {
  const message = takeApart(sealed);
  if (!message) return [undefined, undefined];
  return [await openText(message.forReceiver, amy), await openText(message.forSender, bob)];
}

describe('a sealed message', () => {
  test('is read by both sides as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 2_000 }), async (text) => {
        expect(await read(await sealText(text, amy))).toEqual([text, text]);
      }),
      { numRuns: runs(50) },
    );
  });

  test('with any byte changed, cut or added is not read as another text by anybody', async () => {
    const text = 'meet me at ten';
    const sealed = await sealText(text, amy);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sealed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const changed = sealed.slice();
          changed[at] = (changed[at] ?? 0) ^ change;
          const texts = await read(changed);
          // The ids only choose the keys, which are right here; each part stands for itself.
          const allowed = at > 0 && at < 17 ? [text] : [text, undefined];
          for (const found of texts) expect(allowed).toContain(found);
          if (at === 0 || at >= 17) expect(texts).toContain(undefined);
        },
      ),
      { numRuns: runs(100) },
    );
    for (let length = 0; length < sealed.length; length++)
      expect(await read(sealed.slice(0, length))).toEqual([undefined, undefined]);
  });

  test('of any bytes at all is read by nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (sealed) => {
        expect(await read(sealed)).toEqual([undefined, undefined]);
      }),
      { numRuns: runs(100) },
    );
  });

  test('of the longest text and its content is as long as the limit says', async () => {
    const content = 'c'.repeat(1_000);
    const text = 'x'.repeat(limits.textBytesMax - content.length);
    const sealed = await sealText(text, amy);
    const { length } = await sealText(content, amy);
    expect(sealed.length + length).toBe(limits.sealedBytesMax);
    expect(await read(sealed)).toEqual([text, text]);
  });

  test('to oneself has one part', async () => {
    const sealed = await sealText('note', bob);
    expect(sealed).toHaveLength(17 + 48 + 4);
    const message = takeApart(sealed);
    expect(message && (await openText(message.forReceiver, bob))).toBe('note');
    expect(message && (await openText(message.forSender, bob))).toBe('note');
  });
});
