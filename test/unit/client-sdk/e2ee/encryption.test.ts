/** What is sealed and what is not, who reads it, and what is said when a key is not as it was. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import type { Content, Opened } from '../../../../src/client/sdk/e2ee/encryption.ts';
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
  await encryption.seal(userId, identity, '');
}

function sealedOf(content: Content): Uint8Array {
  if (!content.sealed) throw new Error(`clear text: ${content.text}`);
  return content.sealed;
}

function read({ encryption }: Device, sealed: Uint8Array, from = bob, to = amy): Promise<Opened> {
  return encryption.open({ from, to, identity, sealed }, false);
}

describe('a message between two who have keys', () => {
  test('is sealed, and read by both sides', async () => {
    const { ofBob, ofAmy } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
    expect(Buffer.from(sealed).includes('psst')).toBe(false);
    expect(await read(ofAmy, sealed)).toEqual({ text: 'psst' });
    expect(await read(ofBob, sealed)).toEqual({ text: 'psst' });
  });

  test('is read by a device that comes later and has the secret', async () => {
    const { server, ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
    expect(await read(deviceOf(server, amy), sealed)).toEqual({ text: 'psst' });
    expect(await read(deviceOf(server, bob), sealed)).toEqual({ text: 'psst' });
  });

  test('to oneself is sealed and read', async () => {
    const { ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(bob, identity, 'note'));
    expect(await read(ofBob, sealed, bob, bob)).toEqual({ text: 'note' });
  });

  test('said to be by somebody else, or for somebody else, is not read', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const eve = 3;
    const ofEve = deviceOf(server, eve);
    await hasKeys(ofEve);
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
    expect(await read(ofAmy, sealed, eve)).toEqual({ unreadable: 'unknown-sender' });
    expect(await read(ofAmy, sealed, bob, eve)).toEqual({ unreadable: 'damaged' });
    expect(await read(ofEve, sealed, bob, eve)).toEqual({ unreadable: 'lost-key' });
    const elsewhere = { from: bob, to: amy, identity: `${identity}1`, sealed };
    expect(await ofAmy.encryption.open(elsewhere, false)).toEqual({ unreadable: 'damaged' });
  });

  test('that was altered, or is of another form, is told apart', async () => {
    const { ofBob, ofAmy } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
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
    const sealed = sealedOf(await ofAmy.encryption.seal(bob, identity, 'psst'));
    for (const device of devices)
      expect(await read(device, sealed, amy, bob)).toEqual({ text: 'psst' });
  });
});

describe('to somebody who never had a key', () => {
  test('auto sends clear text, require nothing', async () => {
    const server = new KeyServer();
    const { encryption } = deviceOf(server, bob);
    expect(await encryption.seal(amy, identity, 'hi')).toEqual({ text: 'hi' });
    const strict = deviceOf(server, bob, { mode: 'require' });
    await expect(strict.encryption.seal(amy, identity, 'hi')).rejects.toMatchObject({
      kind: 'no-key',
    });
  });

  test('sealing begins when they have one', async () => {
    const clock = new VirtualClock();
    const server = new KeyServer();
    const { encryption } = deviceOf(server, bob, { clock });
    expect(await encryption.seal(amy, identity, 'hi')).toEqual({ text: 'hi' });
    await hasKeys(deviceOf(server, amy));
    await clock.advance(60_000);
    expect((await encryption.seal(amy, identity, 'hi')).sealed).toBeDefined();
  });
});

describe('never back to clear text', () => {
  test('when the routes say that somebody has no key any more', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, 'psst');
    server.pairs.delete(amy);
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    await expect(later.encryption.seal(amy, identity, 'psst')).rejects.toMatchObject({
      kind: 'no-key',
    });
  });

  test('when the cluster says that it keeps no keys', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, 'psst');
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    later.encryption.connected(false);
    expect(later.unusable).toHaveLength(1);
    await expect(later.encryption.seal(amy, identity, 'psst')).rejects.toMatchObject({
      kind: 'no-key',
    });
    expect(await later.encryption.seal(3, identity, 'hi')).toEqual({ text: 'hi' });
  });

  test("when the account's key does not open", async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, 'psst');
    const later = deviceOf(server, bob, { pins: ofBob.pins.save(), secret: secretOf(9) });
    await expect(later.encryption.seal(amy, identity, 'psst')).rejects.toMatchObject({
      kind: 'no-key',
    });
    expect(later.unusable).toHaveLength(1);
  });

  test('off sends clear text, as it was asked to, and says what it cannot read', async () => {
    const { server, ofBob } = await pairOf();
    const sealed = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
    const off = deviceOf(server, amy, { mode: 'off' });
    expect(await off.encryption.seal(bob, identity, 'hi')).toEqual({ text: 'hi' });
    expect(await read(off, sealed)).toEqual({ unreadable: 'off' });
  });
});

describe('a key that changes', () => {
  const changed = { userId: amy, userName: 'user-2', wasVerified: false };

  test('is told and used', async () => {
    const { server, ofBob } = await pairOf();
    await ofBob.encryption.seal(amy, identity, 'psst');
    server.reset(amy);
    const anew = deviceOf(server, amy, { secret: secretOf(9) });
    await hasKeys(anew);
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    const sealed = sealedOf(await later.encryption.seal(amy, identity, 'psst'));
    expect(later.changes).toEqual([changed]);
    expect(await read(anew, sealed)).toEqual({ text: 'psst' });
  });

  test('leaves what is older unreadable for its holder, and readable for the others', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    const toAmy = sealedOf(await ofBob.encryption.seal(amy, identity, 'psst'));
    const toBob = sealedOf(await ofAmy.encryption.seal(bob, identity, 'what?'));
    server.reset(amy);
    const anew = deviceOf(server, amy, { secret: secretOf(9) });
    expect(await read(anew, toAmy)).toEqual({ unreadable: 'lost-key' });
    expect(await read(ofBob, toAmy)).toEqual({ text: 'psst' });
    // Also on a device of his that has never seen the earlier key.
    expect(await read(deviceOf(server, bob), toBob, amy, bob)).toEqual({ text: 'what?' });
  });

  test('of one that was verified is not used before it is verified too', async () => {
    const { server, ofBob } = await pairOf();
    const { safetyNumber } = await ofBob.encryption.peerKey(amy);
    await ofBob.encryption.confirmKey(amy, safetyNumber);
    expect((await ofBob.encryption.peerKey(amy)).verified).toBe(true);
    server.reset(amy);
    await hasKeys(deviceOf(server, amy, { secret: secretOf(9) }));
    const later = deviceOf(server, bob, { pins: ofBob.pins.save() });
    await expect(later.encryption.seal(amy, identity, 'psst')).rejects.toMatchObject({
      kind: 'key-changed',
    });
    expect(later.changes).toEqual([{ ...changed, wasVerified: true }]);
    await expect(later.encryption.confirmKey(amy, safetyNumber)).rejects.toMatchObject({
      kind: 'key-changed',
    });
    const now = await later.encryption.peerKey(amy);
    expect(now.verified).toBe(false);
    await later.encryption.confirmKey(amy, now.safetyNumber);
    expect((await later.encryption.seal(amy, identity, 'psst')).sealed).toBeDefined();
  });

  test('is not slipped in among the earlier ones', async () => {
    const { server, ofBob, ofAmy } = await pairOf();
    await ofAmy.encryption.seal(bob, identity, 'hi');
    const forger = new KeyServer();
    const ofForger = deviceOf(forger, bob, { secret: secretOf(9) });
    await hasKeys(ofForger);
    const pair = server.pairs.get(amy);
    if (pair) forger.publish(amy, pair);
    const forged = sealedOf(await ofForger.encryption.seal(amy, identity, 'give me money'));
    server.earlier.set(bob, [forger.pairs.get(bob)?.publicKey ?? '']);
    expect(await read(ofAmy, forged)).toEqual({ unreadable: 'unknown-sender' });
    expect(ofBob.changes).toEqual([]);
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
    let content: Content | undefined;
    const sealing = encryption.seal(amy, identity, 'psst').then((made) => {
      content = made;
    });
    await clock.advance(5_000);
    expect(content).toBeUndefined();
    server.failure = null;
    await clock.advance(5_000);
    await sealing;
    expect(content?.sealed).toBeDefined();
  });

  test('who was asked about before is written to', async () => {
    const { server } = await pairOf();
    const clock = new VirtualClock();
    const { encryption } = deviceOf(server, bob, { clock });
    await encryption.seal(amy, identity, 'psst');
    await clock.advance(120_000);
    server.failure = new CimError('unavailable');
    expect((await encryption.seal(amy, identity, 'psst')).sealed).toBeDefined();
  });

  test('nothing is left of the waiting when it is stopped', async () => {
    const server = new KeyServer();
    server.failure = new CimError('unavailable');
    const clock = new VirtualClock();
    const device = deviceOf(server, bob, { clock });
    const sealing = device.encryption.seal(amy, identity, 'psst');
    const refused = expect(sealing).rejects.toMatchObject({ kind: 'unavailable' });
    await clock.advance(10_000);
    device.stop();
    await refused;
    expect(clock.timerCount).toBe(0);
  });
});
