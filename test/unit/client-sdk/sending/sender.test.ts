/** Transient messages are sealed at the same time, and written in the order in which they were sent. */
import { expect, jest, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import type { Sendable } from '../../../../src/client/sdk/e2ee/sealable.ts';
import { Sender } from '../../../../src/client/sdk/sending/sender.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { deviceOf, KeyServer } from '../e2ee/support/key-server.ts';
import { World } from '../support/scripted-server.ts';

/** Of which each seal ends when the test says so. */
function setUp() {
  const { encryption } = deviceOf(new KeyServer(), 1);
  const sealings: PromiseWithResolvers<Sendable>[] = [];
  jest.spyOn(encryption, 'seal').mockImplementation(() => {
    const sealing = Promise.withResolvers<Sendable>();
    sealings.push(sealing);
    return sealing.promise;
  });
  const written: unknown[] = [];
  const sender = new Sender({
    userId: 1,
    platform: new World().platform,
    encryption,
    write: ({ sendSeq }) => void written.push(sendSeq),
    hasRoom: () => true,
  });
  const send = () => sender.sendTransient({ to: 2 }, { text: 'typing' });
  const sealed = (number: number) =>
    sealings[number - 1]?.resolve({ sealed: Uint8Array.of(number) });
  const failed = (number: number) => sealings[number - 1]?.reject(new CimError('no-key'));
  return { send, sealed, failed, written };
}

test.each([[[1, 2, 3]], [[1, 3, 2]], [[2, 1, 3]], [[2, 3, 1]], [[3, 1, 2]], [[3, 2, 1]]])(
  'sealed in the order %j',
  async (order) => {
    const { send, sealed, written } = setUp();
    const sending = [send(), send(), send()];
    for (const number of order) {
      sealed(number);
      await settle();
    }
    await Promise.all(sending);
    expect(written).toEqual([1, 2, 3]);
  },
);

test('one that cannot be sealed holds up none, and lets none overtake', async () => {
  const { send, sealed, failed, written } = setUp();
  const [first, second, third] = [send(), send(), send()];
  const refusal = expect(second).rejects.toMatchObject({ kind: 'no-key' });
  failed(2);
  sealed(3);
  await settle();
  expect(written).toEqual([]);
  sealed(1);
  await Promise.all([first, refusal, third]);
  expect(written).toEqual([1, 3]);
});
