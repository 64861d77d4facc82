/** The bytes of a group's message: where they open, and who can have written them. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fromBase64Url } from '../../../../../src/base/text/base64url.ts';
import { decodeUtf8 } from '../../../../../src/base/text/utf8.ts';
import {
  groupOverheadBytes,
  isWrittenBy,
  type MessageKey,
  messageKeyOf,
  openInGroup,
  ratcheted,
  sealInGroup,
  takeGroupMessageApart,
} from '../../../../../src/client/sdk/e2ee/groups/group-cipher.ts';
import {
  exportPrivateKey,
  generateKeys,
  type OwnKeys,
} from '../../../../../src/client/sdk/e2ee/sealing.ts';
import { type SigningKey, signingKeyOf } from '../../../../../src/client/sdk/e2ee/signing.ts';

const context = '1.0011223344556677.#team.1 3';
const text = new TextEncoder().encode('psst');
const groupKey = new Uint8Array(32).fill(9);

interface Member {
  readonly keys: OwnKeys;
  readonly id: string;
  readonly signingKey: SigningKey;
}

let key: MessageKey;
let bob: Member;
let amy: Member;

async function newMember(): Promise<Member> {
  const keys = await generateKeys();
  return { keys, id: keys.id, signingKey: signingKeyOf(await exportPrivateKey(keys)) };
}

function publicKeyOf({ keys }: Member): Uint8Array {
  return fromBase64Url(keys.text) ?? new Uint8Array();
}

async function read(bytes: Uint8Array, by: Member, where = context, under = key) {
  const sealed = takeGroupMessageApart(bytes);
  const opened = sealed && (await openInGroup(sealed, under, where));
  if (!opened) return 'closed';
  const isBy = await isWrittenBy(publicKeyOf(by), opened, where);
  return isBy ? decodeUtf8(opened.text) : 'by somebody else';
}

beforeAll(async () => {
  key = await messageKeyOf(groupKey, 'team');
  [bob, amy] = [await newMember(), await newMember()];
});

describe("a group's message", () => {
  test('is read by whoever has the key, in its place, as by its writer', async () => {
    const bytes = await sealInGroup(text, key, bob, context);
    expect(bytes).toHaveLength(text.length + groupOverheadBytes);
    expect(Buffer.from(bytes).includes('psst')).toBe(false);
    expect(takeGroupMessageApart(bytes)?.senderKeyId).toBe(bob.id);
    expect(await read(bytes, bob)).toBe('psst');
    expect(await read(bytes, amy)).toBe('by somebody else');
    expect(await read(bytes, bob, `${context} silent`)).toBe('closed');
  });

  test('is sealed otherwise each time', async () => {
    const [one, other] = [
      await sealInGroup(text, key, bob, context),
      await sealInGroup(text, key, bob, context),
    ];
    expect(one.subarray(9, 21)).not.toEqual(other.subarray(9, 21));
  });

  test('is not read under the key of another epoch, nor of another group', async () => {
    const bytes = await sealInGroup(text, key, bob, context);
    const next = await messageKeyOf(await ratcheted(groupKey, 'team', 2), 'team');
    expect(await read(bytes, bob, context, next)).toBe('closed');
    expect(await read(bytes, bob, context, await messageKeyOf(groupKey, 'other'))).toBe('closed');
  });

  test('with any byte changed, cut or added is not read', async () => {
    const bytes = await sealInGroup(text, key, bob, context);
    for (const [at] of bytes.entries()) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      // The id only names the key to look for; whose it is, the signature tells.
      const isId = at >= 1 && at < 9;
      expect(await read(changed, bob)).toBe(isId ? 'psst' : 'closed');
      expect(await read(bytes.slice(0, at), bob)).toBe('closed');
    }
    expect(await read(Uint8Array.of(...bytes, 0), bob)).toBe('closed');
  });

  test('that one member has sealed in the name of another is seen to be by somebody else', async () => {
    const forged = await sealInGroup(text, key, { ...amy, id: bob.id }, context);
    expect(await read(forged, bob)).toBe('by somebody else');
  });

  test('that was taken over from another place is seen to be none of this one', async () => {
    const bytes = await sealInGroup(text, key, bob, context);
    const sealed = takeGroupMessageApart(bytes);
    const opened = sealed && (await openInGroup(sealed, key, context));
    if (!opened) throw new Error('it does not open');
    expect(await isWrittenBy(publicKeyOf(bob), opened, context)).toBe(true);
    const elsewhere = context.replace('.1 3', '.2 3');
    expect(await isWrittenBy(publicKeyOf(bob), opened, elsewhere)).toBe(false);
    // What a context ends with does not begin a text.
    const shifted = { ...opened, text: new TextEncoder().encode(' silent\0psst') };
    expect(await isWrittenBy(publicKeyOf(bob), shifted, context)).toBe(false);
  });
});
