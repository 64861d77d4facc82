/** What is sealed and what is not, who reads it, and what is said when a key is not as it was. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { Opened, Sendable } from '../../../../src/client/sdk/e2ee/sealable.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { type Device, deviceOf, KeyServer, secretOf } from './support/key-server.ts';

const bob = 1;
const amy = 2;
const identity = `${bob}.0011223344556677.${amy}.1`;

/** With both logged in once, so that both have keys. */
async function pairOf(server = new KeyServer()): Promise<{
  server: KeyServer;
  ofBob: Device;
  ofAmy: Device;
}> {
  const [ofBob, ofAmy] = [deviceOf(server, bob), deviceOf(server, amy)];
  await Promise.all([hasKeys(ofBob), hasKeys(ofAmy)]);
  return { server, ofBob, ofAmy };
}

/** They are made when they are needed first. */
async function hasKeys({ encryption, userId }: Device): Promise<void> {
  await encryption.seal(userId, identity, { text: '' });
}

function sealedOf(sendable: Sendable): Uint8Array {
  if (!sendable.sealed) throw new Error(`clear text: ${sendable.text}`);
  return sendable.sealed;
}

function read({ encryption }: Device, sealed: Uint8Array, from = bob, to = amy): Promise<Opened> {
  return encryption.open({ from, to, identity, sealed }, false);
}

test('what is refused for want of a key pair is asked for again when that is published', async () => {
  const server = new KeyServer();
  const { encryption } = deviceOf(server, bob);
  const request = async () => {
    if (!server.pairs.has(bob)) throw new CimError('no-key');
    return 'done';
  };
  await expect(encryption.withPublishedKey(request)).resolves.toBe('done');
  const off = deviceOf(new KeyServer(), bob, { mode: 'off' }).encryption;
  const refused = Promise.reject(new CimError('no-key'));
  await expect(off.withPublishedKey(() => refused)).rejects.toMatchObject({ kind: 'no-key' });
});

describe('a message between two who have keys', () => {
  test('is sealed, and read by both sides', async () => {
    const { ofBob, ofAmy } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    expect(Buffer.from(sealed).includes('psst')).toBe(false);
    expect(await read(ofAmy, sealed)).toEqual({ text: 'psst', key: 'unverified' });
    expect(await read(ofBob, sealed)).toEqual({ text: 'psst', key: 'verified' });
  });

  test('has its content sealed like its text, and neither passes for the other', async () => {
    const { ofBob, ofAmy } = await pairOf();
    const content = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const draft = { text: 'psst', content, silent: true };
    const sent = await ofBob.encryption.seal(amy, identity, draft);
    expect(sent.silent).toBe(true);
    const sealed = { from: bob, to: amy, identity, sealed: sealedOf(sent), silent: true };
    const sealedContent = sent.content ?? new Uint8Array();
    expect(Buffer.from(sealedContent).includes(Buffer.from(content))).toBe(false);
    const openWith = (parts: object) => ofAmy.encryption.open({ ...sealed, ...parts }, false);
    expect(await openWith({ content: sealedContent })).toEqual({
      text: 'psst',
      content,
      key: 'unverified',
    });
    const damaged = { unreadable: 'damaged' };
    expect(await openWith({ content: sealed.sealed })).toEqual(damaged);
    expect(await openWith({ content })).toEqual(damaged);
    expect(await openWith({ sealed: sealedContent })).toEqual(damaged);
    // Taken from it on the way.
    expect(await openWith({})).toEqual(damaged);
    expect(await openWith({ content: sealedContent, silent: false })).toEqual(damaged);
    const plain = await ofBob.encryption.seal(amy, identity, { text: 'psst' });
    // Or given to it.
    expect(await openWith({ sealed: sealedOf(plain), silent: true })).toEqual(damaged);
  });

  test('is read by a device that comes later and has the secret', async () => {
    const { server, ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    expect(await read(deviceOf(server, amy), sealed)).toMatchObject({ text: 'psst' });
    expect(await read(deviceOf(server, bob), sealed)).toMatchObject({ text: 'psst' });
  });

  test('to oneself is sealed and read', async () => {
    const { ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(bob, identity, { text: 'note' }));
    expect(await read(ofBob, sealed, bob, bob)).toMatchObject({ text: 'note' });
  });

  test('said to be by somebody else, or for somebody else, is not read', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const eve = 3;
    const ofEve = deviceOf(server, eve);
    await hasKeys(ofEve);
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    expect(await read(ofAmy, sealed, eve)).toEqual({ unreadable: 'unknown-sender' });
    expect(await read(ofAmy, sealed, bob, eve)).toEqual({ unreadable: 'damaged' });
    expect(await read(ofEve, sealed, bob, eve)).toEqual({ unreadable: 'lost-key' });
    const elsewhere = { from: bob, to: amy, identity: `${identity}1`, sealed };
    expect(await ofAmy.encryption.open(elsewhere, false)).toEqual({ unreadable: 'damaged' });
  });

  test('that was altered, or is of another form, is told apart', async () => {
    const { ofBob, ofAmy } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    const altered = sealed.slice();
    altered[60] = (altered[60] ?? 0) ^ 1;
    expect(await read(ofAmy, altered)).toEqual({ unreadable: 'damaged' });
    expect(await read(ofAmy, Uint8Array.of(2, 3, 4))).toEqual({ unreadable: 'unknown-form' });
  });
});

describe('two devices that make the first key at the same time', () => {
  test('have the same one', async () => {
    const server = new KeyServer();
    const ofAmy = deviceOf(server, amy);
    const devices = [deviceOf(server, bob), deviceOf(server, bob)];
    await Promise.all([ofAmy, ...devices].map((device) => hasKeys(device)));
    const sealed = sealedOf(await ofAmy.encryption.seal(bob, identity, { text: 'psst' }));
    for (const device of devices)
      expect(await read(device, sealed, amy, bob)).toMatchObject({ text: 'psst' });
  });
});

describe('to somebody who never had a key', () => {
  test('auto sends clear text, require nothing', async () => {
    const server = new KeyServer();
    const { encryption } = deviceOf(server, bob);
    expect(await encryption.seal(amy, identity, { text: 'hi' })).toEqual({ text: 'hi' });
    const strict = deviceOf(server, bob, { mode: 'require' });
    await expect(strict.encryption.seal(amy, identity, { text: 'hi' })).rejects.toMatchObject({
      kind: 'no-key',
    });
  });

  test('sealing begins when they have one', async () => {
    const clock = new VirtualClock();
    const server = new KeyServer();
    const { encryption } = deviceOf(server, bob, { clock });
    expect(await encryption.seal(amy, identity, { text: 'hi' })).toEqual({ text: 'hi' });
    await hasKeys(deviceOf(server, amy));
    await clock.advance(60_000);
    expect((await encryption.seal(amy, identity, { text: 'hi' })).sealed).toBeDefined();
  });

  test('to have asked whether they can be written to does not put it off', async () => {
    const server = new KeyServer();
    const { encryption } = deviceOf(server, bob);
    await encryption.assertSendable(amy);
    await hasKeys(deviceOf(server, amy));
    expect((await encryption.seal(amy, identity, { text: 'hi' })).sealed).toBeDefined();
    const strict = deviceOf(server, bob, { mode: 'require' });
    await expect(strict.encryption.assertSendable(3)).rejects.toMatchObject({ kind: 'no-key' });
  });
});

describe('never back to clear text', () => {
  test('when the routes say that somebody has no key any more', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, { text: 'psst' });
    server.pairs.delete(amy);
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    await expect(later.encryption.seal(amy, identity, { text: 'psst' })).rejects.toMatchObject({
      kind: 'no-key',
    });
  });

  test('when strangers write, to somebody whom one has written to, on whatever device', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const toAmy = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    const toBob = sealedOf(await ofAmy.encryption.seal(bob, identity, { text: 'psst' }));
    const other = deviceOf(server, bob);
    expect(await read(other, toBob, amy, bob)).toMatchObject({ text: 'psst' });
    expect(await read(other, toAmy)).toMatchObject({ text: 'psst' });
    server.pairs.delete(amy);
    for (const { pins } of [ofBob, other]) {
      for (let count = 1; count <= limits.clientPinsMax; count++)
        pins.see(1_000 + count, 'of a stranger', []);
      const later = deviceOf(server, bob, { pins: pins.save() });
      await expect(later.encryption.seal(amy, identity, { text: 'psst' })).rejects.toMatchObject({
        kind: 'no-key',
      });
    }
  });

  test('when the cluster says that it keeps no keys', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, { text: 'psst' });
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    later.encryption.connected(false, false);
    await expect(later.encryption.seal(amy, identity, { text: 'psst' })).rejects.toMatchObject({
      kind: 'no-key',
    });
    expect(later.unusable).toHaveLength(1);
    expect(await later.encryption.seal(3, identity, { text: 'hi' })).toEqual({ text: 'hi' });
  });

  test("when the account's key does not open", async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, { text: 'psst' });
    const later = deviceOf(server, bob, { pins: ofBob.pins.save(), secret: secretOf(9) });
    await expect(later.encryption.seal(amy, identity, { text: 'psst' })).rejects.toMatchObject({
      kind: 'no-key',
    });
    expect(later.unusable).toHaveLength(1);
  });

  test('off sends clear text, as it was asked to, and says what it cannot read', async () => {
    const { server, ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    const off = deviceOf(server, amy, { mode: 'off' });
    expect(await off.encryption.seal(bob, identity, { text: 'hi' })).toEqual({ text: 'hi' });
    expect(await read(off, sealed)).toEqual({ unreadable: 'off' });
  });
});

describe('a key that changes', () => {
  const changed = { userId: amy, userName: 'user-2', wasVerified: false };

  test('is told and used', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, { text: 'psst' });
    server.reset(amy);
    const anew = deviceOf(server, amy, { secret: secretOf(9) });
    await hasKeys(anew);
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    const sealed = sealedOf(await later.encryption.seal(amy, identity, { text: 'psst' }));
    expect(later.changes).toEqual([changed]);
    expect(await read(anew, sealed)).toMatchObject({ text: 'psst' });
  });

  test('leaves what is older unreadable for its holder, and readable for the others', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const toAmy = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'psst' }));
    const toBob = sealedOf(await ofAmy.encryption.seal(bob, identity, { text: 'what?' }));
    server.reset(amy);
    const anew = deviceOf(server, amy, { secret: secretOf(9) });
    expect(await read(anew, toAmy)).toEqual({ unreadable: 'lost-key' });
    expect(await read(ofBob, toAmy)).toMatchObject({ text: 'psst' });
    // Also on a device of his that has never seen the earlier key.
    expect(await read(deviceOf(server, bob), toBob, amy, bob)).toMatchObject({ text: 'what?' });
  });

  test('of one that was verified is not used before it is verified too', async () => {
    const { server, ofBob } = await pairOf();
    const { safetyNumber } = await ofBob.encryption.peerKey(amy);
    await ofBob.encryption.confirmKey(amy, safetyNumber);
    expect((await ofBob.encryption.peerKey(amy)).verified).toBe(true);
    server.reset(amy);
    await hasKeys(deviceOf(server, amy, { secret: secretOf(9) }));
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    await expect(later.encryption.seal(amy, identity, { text: 'psst' })).rejects.toMatchObject({
      kind: 'key-changed',
    });
    expect(later.changes).toEqual([{ ...changed, wasVerified: true }]);
    await expect(later.encryption.confirmKey(amy, safetyNumber)).rejects.toMatchObject({
      kind: 'key-changed',
    });
    const now = await later.encryption.peerKey(amy);
    expect(now.verified).toBe(false);
    await later.encryption.confirmKey(amy, now.safetyNumber);
    expect((await later.encryption.seal(amy, identity, { text: 'psst' })).sealed).toBeDefined();
  });

  test('of one that was verified is told with every message, also by the next process', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const before = sealedOf(await ofAmy.encryption.seal(bob, identity, { text: 'as ever' }));
    const { safetyNumber } = await ofBob.encryption.peerKey(amy);
    await ofBob.encryption.confirmKey(amy, safetyNumber);
    expect(await read(ofBob, before, amy, bob)).toEqual({ text: 'as ever', key: 'verified' });

    server.reset(amy);
    const impostor = deviceOf(server, amy, { secret: secretOf(9) });
    await hasKeys(impostor);
    const forged = sealedOf(
      await impostor.encryption.seal(bob, identity, { text: 'send me money' }),
    );
    const later = () => deviceOf(server, bob, { pins: ofBob.pins.save() });
    for (const device of [ofBob, ofBob, later(), later()]) {
      expect(await read(device, forged, amy, bob)).toEqual({
        text: 'send me money',
        key: 'changed',
      });
      expect(await read(device, before, amy, bob)).toMatchObject({ key: 'verified' });
    }
    // Told once; what is remembered tells from then on.
    expect(ofBob.changes).toEqual([{ ...changed, wasVerified: true }]);
    expect(await later().encryption.peerKey(amy)).toMatchObject({ verified: false, changed: true });

    const device = later();
    const now = await device.encryption.peerKey(amy);
    await device.encryption.confirmKey(amy, now.safetyNumber);
    expect(await read(device, forged, amy, bob)).toMatchObject({ key: 'verified' });
    expect(await read(device, before, amy, bob)).toMatchObject({ key: 'changed' });
  });

  test('of one that was not verified stays unverified', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    await ofAmy.encryption.seal(bob, identity, { text: 'hi' });
    await ofBob.encryption.seal(amy, identity, { text: 'hi' });
    server.reset(amy);
    const anew = deviceOf(server, amy, { secret: secretOf(9) });
    await hasKeys(anew);
    const sealed = sealedOf(await anew.encryption.seal(bob, identity, { text: 'hi' }));
    expect(await read(ofBob, sealed, amy, bob)).toEqual({ text: 'hi', key: 'unverified' });
  });

  test('is not slipped in among the earlier ones', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    await ofAmy.encryption.seal(bob, identity, { text: 'hi' });
    const forger = new KeyServer();
    const ofForger = deviceOf(forger, bob, { secret: secretOf(9) });
    await hasKeys(ofForger);
    const pair = server.pairs.get(amy);
    if (pair) forger.publish(amy, pair);
    const forged = sealedOf(
      await ofForger.encryption.seal(amy, identity, { text: 'give me money' }),
    );
    server.earlier.set(bob, [forger.pairs.get(bob)?.publicKey ?? '']);
    expect(await read(ofAmy, forged)).toEqual({ unreadable: 'unknown-sender' });
    expect(ofBob.changes).toEqual([]);
  });
});

describe("a device that cannot open its account's pair", () => {
  const withoutKey = [
    ['has no secret', null],
    ['has another secret', secretOf(9)],
  ] as const;

  test.each(withoutKey)(
    'as it %s, sends nothing to who has a key, nor to itself',
    async (_, secret) => {
      const { server } = await pairOf();
      const second = deviceOf(server, bob, { secret });
      for (const to of [amy, bob]) {
        await expect(second.encryption.seal(to, identity, { text: 'psst' })).rejects.toMatchObject({
          kind: 'no-key',
        });
        // Nor later, when it is known without being asked for.
        expect(second.encryption.isInClear(to)).toBe(false);
      }
      expect(second.unusable).toHaveLength(1);
    },
  );

  test.each(withoutKey)(
    'as it %s, writes to who never had one, but with require',
    async (_, secret) => {
      const { server } = await pairOf();
      const second = deviceOf(server, bob, { secret });
      expect(await second.encryption.seal(3, identity, { text: 'hi' })).toEqual({ text: 'hi' });
      const strict = deviceOf(server, bob, { secret, mode: 'require' });
      await expect(strict.encryption.seal(3, identity, { text: 'hi' })).rejects.toMatchObject({
        kind: 'no-key',
      });
    },
  );

  test('looks again at the next login, and is told of once', async () => {
    const { server } = await pairOf();
    const pair = server.pairs.get(bob);
    const second = deviceOf(server, bob, { secret: secretOf(9) });
    await expect(second.encryption.seal(amy, identity, { text: 'psst' })).rejects.toThrow();
    second.encryption.connected(true, false);
    await expect(second.encryption.seal(amy, identity, { text: 'psst' })).rejects.toThrow();
    expect(second.unusable).toHaveLength(1);
    server.reset(bob);
    second.encryption.connected(true, false);
    expect((await second.encryption.seal(amy, identity, { text: 'psst' })).sealed).toBeDefined();
    expect(server.pairs.get(bob)).not.toEqual(pair);
  });

  test('of an account without one is as any without keys', async () => {
    const server = new KeyServer();
    await hasKeys(deviceOf(server, amy));
    const { encryption, unusable } = deviceOf(server, bob, { secret: null });
    expect(await encryption.seal(amy, identity, { text: 'hi' })).toEqual({ text: 'hi' });
    expect(unusable).toEqual([]);
  });
});

describe('clear text', () => {
  test('from or to somebody who has a key is worth a word, with require from anybody', async () => {
    const { server, ofBob } = await pairOf();
    expect(ofBob.encryption.standingInClear(amy)).toBe('unknown');
    await ofBob.encryption.seal(amy, identity, { text: 'hi' });
    expect(ofBob.encryption.standingInClear(amy)).toBe('unexpected');
    expect(ofBob.encryption.standingInClear(3)).toBe('unknown');
    const pins = ofBob.pins.save();
    const strict = deviceOf(server, bob, { mode: 'require', pins });
    expect([amy, 3].map((id) => strict.encryption.standingInClear(id))).toEqual([
      'unexpected',
      'unprotected',
    ]);
    const off = deviceOf(server, bob, { mode: 'off', pins });
    expect(off.encryption.standingInClear(amy)).toBe('unknown');
  });
});

describe('in another store than before', () => {
  test('the pair is published again, and all goes on as it was', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    await ofBob.encryption.seal(amy, identity, { text: 'hi' });
    const before = new Map(server.pairs);
    server.wipe();
    for (const { encryption } of [ofBob, ofAmy]) encryption.connected(true, true);
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'still here?' }));
    expect(await read(ofAmy, sealed)).toMatchObject({ text: 'still here?' });
    for (const [userId, { publicKey }] of before)
      expect(server.pairs.get(userId)?.publicKey).toBe(publicKey);
    expect([...ofBob.changes, ...ofAmy.changes]).toEqual([]);
    // And by a device that comes now.
    expect(await read(deviceOf(server, amy), sealed)).toMatchObject({ text: 'still here?' });
  });

  test('nothing is sealed before the key of the other side is confirmed anew', async () => {
    const clock = new VirtualClock();
    const { server, ofAmy } = await pairOf();
    const ofBob = deviceOf(server, bob, { clock });
    await ofBob.encryption.seal(amy, identity, { text: 'hi' });
    server.wipe();
    ofBob.encryption.connected(true, true);
    let sendable: Sendable | undefined;
    const sealing = ofBob.encryption.seal(amy, identity, { text: 'still here?' }).then((made) => {
      sendable = made;
    });
    await clock.advance(10_000);
    expect(sendable).toBeUndefined();
    ofAmy.encryption.connected(true, true);
    await hasKeys(ofAmy);
    await clock.advance(2_000);
    await sealing;
    expect(await read(ofAmy, sealedOf(sendable as unknown as Sendable))).toMatchObject({
      text: 'still here?',
    });
  });

  test('who does not come back with a key is waited for only so long', async () => {
    const clock = new VirtualClock();
    const { server } = await pairOf();
    const ofBob = deviceOf(server, bob, { clock });
    await ofBob.encryption.seal(amy, identity, { text: 'hi' });
    server.wipe();
    ofBob.encryption.connected(true, true);
    const sealing = expect(
      ofBob.encryption.seal(amy, identity, { text: 'hi' }),
    ).rejects.toMatchObject({
      kind: 'no-key',
    });
    for (let second = 0; second < 65; second++) await clock.advance(1_000);
    await sealing;
  });

  test('another pair that was published there meanwhile counts; what was for the one before is read', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const before = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'before' }));
    server.wipe();
    const anew = deviceOf(server, amy);
    await hasKeys(anew);
    ofAmy.encryption.connected(true, true);
    ofBob.encryption.connected(true, true);
    await hasKeys(ofBob);
    expect(await read(ofAmy, before)).toMatchObject({ text: 'before' });
    const after = sealedOf(await ofBob.encryption.seal(amy, identity, { text: 'after' }));
    for (const device of [ofAmy, anew])
      expect(await read(device, after)).toMatchObject({ text: 'after' });
    expect(ofBob.changes).toEqual([{ userId: amy, userName: 'user-2', wasVerified: false }]);
  });
});

describe('the number to compare', () => {
  test('is the same on both sides, and another one between others', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const ofEve = deviceOf(server, 3);
    await hasKeys(ofEve);
    const numbers = [
      await ofBob.encryption.peerKey(amy),
      await ofAmy.encryption.peerKey(bob),
      await ofEve.encryption.peerKey(amy),
    ].map(({ safetyNumber }) => safetyNumber);
    expect(numbers[0]).toMatch(/^\d{5}( \d{5}){11}$/);
    expect(numbers[1]).toBe(numbers[0]);
    expect(numbers[2]).not.toBe(numbers[0]);
  });

  test('there is none with oneself, nor with who has no key', async () => {
    const { encryption } = deviceOf(new KeyServer(), bob);
    await expect(encryption.peerKey(bob)).rejects.toMatchObject({ kind: 'invalid-argument' });
    await expect(encryption.peerKey(amy)).rejects.toMatchObject({ kind: 'no-key' });
  });
});

describe('while no route answers', () => {
  test('messages wait, and are sealed when one does', async () => {
    const { server } = await pairOf();
    const clock = new VirtualClock();
    const { encryption } = deviceOf(server, bob, { clock });
    server.failure = new CimError('unavailable');
    let sendable: Sendable | undefined;
    const sealing = encryption.seal(amy, identity, { text: 'psst' }).then((made) => {
      sendable = made;
    });
    await clock.advance(5_000);
    expect(sendable).toBeUndefined();
    server.failure = null;
    await clock.advance(5_000);
    await sealing;
    expect(sendable?.sealed).toBeDefined();
  });

  test('who was asked about before is written to', async () => {
    const { server } = await pairOf();
    const clock = new VirtualClock();
    const { encryption } = deviceOf(server, bob, { clock });
    await encryption.seal(amy, identity, { text: 'psst' });
    await clock.advance(120_000);
    server.failure = new CimError('unavailable');
    expect((await encryption.seal(amy, identity, { text: 'psst' })).sealed).toBeDefined();
  });

  test('nothing is left of the waiting when it is stopped', async () => {
    const server = new KeyServer();
    server.failure = new CimError('unavailable');
    const clock = new VirtualClock();
    const device = deviceOf(server, bob, { clock });
    const sealing = device.encryption.seal(amy, identity, { text: 'psst' });
    const refused = expect(sealing).rejects.toMatchObject({ kind: 'unavailable' });
    await clock.advance(10_000);
    device.stop();
    await refused;
    expect(clock.timerCount).toBe(0);
  });
});
