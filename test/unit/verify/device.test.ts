/** A device of `cim verify`: what is done to it is done one after the other. */
import { expect, test } from '@jest/globals';
import { memorySecretKeeper, type Platform } from '../../../src/client/sdk/index.ts';
import { Device } from '../../../src/verify/device.ts';
import { Latency } from '../../../src/verify/latency.ts';
import { Ledger } from '../../../src/witness/ledger.ts';

test('a disturbance is left out while one before it outlasts its time', async () => {
  const device = new Device({
    name: '1.1',
    person: { userId: 1, userName: 'amy', encrypts: false, devices: ['1.1'] },
    secrets: memorySecretKeeper(),
    run: 'run',
    groups: [],
    isOfRun: () => true,
    routes: [],
    platform: {} as Platform,
    ledger: new Ledger([]),
    latency: new Latency(),
    onProblem: () => {},
  });
  const done: string[] = [];
  const closing = Promise.withResolvers<void>();
  const first = device.disturbed(() => closing.promise);
  await device.disturbed(async () => {
    done.push('second');
  });
  closing.resolve();
  await first;
  await device.disturbed(async () => {
    done.push('third');
  });
  expect(done).toEqual(['third']);
});
