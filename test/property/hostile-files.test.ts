/**
 * Whatever a route answers about a file: a client shows nothing that its sender has not sealed, holds
 * no more than it should, and ends with the file, or with a CimError.
 */
import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { download } from '../../src/client/sdk/files/download.ts';
import type { FileRoutes, Upload } from '../../src/client/sdk/files/file-routes.ts';
import { FileSeal } from '../../src/client/sdk/files/file-seal.ts';
import { upload } from '../../src/client/sdk/files/upload.ts';
import { UploadSource } from '../../src/client/sdk/files/upload-source.ts';
import { sha256 } from '../../src/client/sdk/node/node-platform.ts';
import type { IncomingBytes } from '../../src/client/sdk/platform.ts';
import type { MessageFile } from '../../src/codec/file-content.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const never = new AbortController().signal;
const id = 'AAAAAAAAAAAAAAAAAAAAAA';
const plain = new Uint8Array(randomBytes(limits.filePieceBytes + 1_000));
const key = new Uint8Array(randomBytes(32));

/** Whoever waits has waited. */
const platform = {
  clock: {
    ...{ now: () => 0, monotonic: () => 0, setInterval: () => ({ cancel() {} }) },
    setTimeout: (run: () => void) => {
      const immediate = setImmediate(run);
      return { cancel: () => clearImmediate(immediate) };
    },
  },
  random: { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 },
};
const means = { platform, transport: { sha256 } };

const place = fc.nat({ max: plain.length + 40 });
/** What a route may do to the bytes of a file. */
const doing = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: place,
    by: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array() }),
  fc.record({ kind: fc.constant('move' as const), at: place, to: place, count: place }),
);
type Doing = typeof doing extends fc.Arbitrary<infer Each> ? Each : never;

function done(bytes: Uint8Array, each: Doing): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = each.at % (copy.length + 1);
  if (each.kind === 'cut') return copy.subarray(0, at);
  if (each.kind === 'move')
    return copy.copyWithin(each.to % (copy.length + 1), at, at + each.count);
  if (each.kind === 'insert')
    return new Uint8Array(Buffer.concat([copy.subarray(0, at), each.bytes, copy.subarray(at)]));
  const byte = copy[at];
  if (byte !== undefined) copy[at] = byte ^ each.by;
  return copy;
}

/** Of one try: what it says of the range, and after how many bytes it breaks off. */
const answer = fc.record({
  says: fc.record({ first: fc.option(fc.nat()), total: fc.option(fc.boolean()) }),
  breaksAfter: fc.option(place),
});

test(
  'a file that comes is what was sealed, or its beginning, or nothing',
  async () => {
    const seal = await FileSeal.of(key, id, plain.length);
    const sealed = await new UploadSource(new Blob([plain]), seal).read(0, seal.bytes);
    const hash = sha256();
    hash.update(plain);
    const digest = hash.digest();
    let whole = 0;
    const property = fc.asyncProperty(
      fc.array(doing, { maxLength: 2 }),
      fc.array(answer, { maxLength: 3 }),
      fc.boolean(),
      async (doings, answers, isSealed) => {
        const file: MessageFile = {
          ...{ id, capability: id, name: 'a', bytes: plain.length, type: 'a/b', sha256: digest },
          ...(isSealed && { key }),
        };
        const bytes = doings.reduce(done, isSealed ? sealed : plain);
        const right = isSealed ? sealed.length : plain.length;
        let tries = 0;
        const routes = {
          tryOthers() {},
          get: async (_: unknown, from: number): Promise<IncomingBytes> => {
            const { says, breaksAfter = null } = answers[tries++] ?? {};
            const rest = bytes.subarray(from);
            async function* stream() {
              yield rest.subarray(0, breaksAfter ?? rest.length);
              if (breaksAfter !== null) throw new CimError('unavailable');
            }
            return {
              first: says?.first ?? from,
              // What it has; or what it should have; or anything.
              total: says?.total == null ? bytes.length : says.total ? right : 7,
              stream: stream(),
            };
          },
        } as unknown as FileRoutes;
        const got: Uint8Array[] = [];
        let failure: unknown;
        try {
          const options = { ...means, file, routes, signal: never, onProgress() {} };
          for await (const chunk of download(options)) got.push(chunk);
        } catch (error) {
          failure = error;
        }
        const shown = Buffer.concat(got);
        if (failure !== undefined) expect(failure).toBeInstanceOf(CimError);
        else expect(shown.equals(plain)).toBe(true);
        if (isSealed) expect(shown.equals(plain.subarray(0, shown.length))).toBe(true);
        expect(shown.length).toBeLessThanOrEqual(plain.length);
        if (failure === undefined) whole += 1;
      },
    );
    await fuzz('files', property, 100);
    expect(whole).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);

test(
  'an upload goes on as far as what is answered makes sense',
  async () => {
    const blob = new Blob([new Uint8Array(100)]);
    const number = fc.oneof(
      fc.nat({ max: 120 }),
      fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 53, 1e9),
    );
    const begun = fc.record({
      capability: fc.constantFrom('c'.repeat(32), 'c'.repeat(32), 'a\r\nb', '', 7),
      chunkBytes: number,
      chunks: number,
      received: fc.oneof(fc.array(number), fc.constant(null)),
    });
    const property = fc.asyncProperty(begun, async (upAs) => {
      const sent: { number: number; length: number }[] = [];
      const routes = {
        begin: async () => upAs as unknown as Upload,
        put: async ({ number, bytes }: { number: number; bytes: Uint8Array }) =>
          void sent.push({ number, length: bytes.length }),
        finish: async () => {},
        cancel: async () => {},
      } as unknown as FileRoutes;
      const source = new UploadSource(blob);
      const options = { ...means, id, type: 'a/b', source, routes, signal: never, onProgress() {} };
      const ending = await upload(options).catch((error: unknown) => error);
      if (ending instanceof CimError) expect(sent).toEqual([]);
      else expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(100);
      expect(ending instanceof CimError || 'capability' in Object(ending)).toBe(true);
    });
    await fuzz('beginnings of uploads', property, 300);
  },
  fuzzTimeoutMs,
);
