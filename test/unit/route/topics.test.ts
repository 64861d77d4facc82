import { expect, test } from '@jest/globals';
import { decodePublication, encodePublication } from '../../../src/codec/publication.ts';
import { RouteHarness } from '../../support/route-harness.ts';

test('what an application publishes is read as it was said, and retained until it is removed', async () => {
  const route = await RouteHarness.start();
  const { operations } = route.core;
  const said = { topic: 'a/b', text: '21 °C', contentType: 'text/x-degrees' };
  expect(await operations.publish({ ...said, isRetained: false })).toBe(0);
  const [told] = route.published;
  expect(told).toMatchObject({ topic: 'a/b', owner: 'applications', number: 0, retain: 0 });
  expect(decodePublication(told!.body)).toMatchObject({
    contentType: 'text/x-degrees',
    isText: true,
  });
  expect((await operations.retained('#')).values).toEqual([]);
  const number = await operations.publish({ ...said, isRetained: true, lifeMs: 3_600_000 });
  const { values, next } = await operations.retained('a/+');
  expect(next).toBeNull();
  expect(values).toMatchObject([{ topic: 'a/b', number, contentType: 'text/x-degrees' }]);
  expect(Buffer.from(values[0]!.payload).toString()).toBe('21 °C');
  expect(values[0]!.expiresAt - values[0]!.at).toBeGreaterThan(3_500_000);
  const removed = await operations.publish({ topic: 'a/b', text: '', isRetained: true });
  expect(removed).toBeGreaterThan(number);
  expect((await operations.retained('a/+')).values).toEqual([]);
});

test('what cannot be published is refused with the reason', async () => {
  const { operations } = (await RouteHarness.start()).core;
  for (const topic of ['a/#', 'cim/u/1', '$SYS', ''])
    await expect(operations.publish({ topic, text: 'x', isRetained: false })).rejects.toMatchObject(
      {
        kind: 'invalid-argument',
      },
    );
  await expect(operations.retained('a#')).rejects.toMatchObject({ kind: 'invalid-argument' });
});

test('a publication is read as it was written; what is none is none', () => {
  const content = {
    ...{ payload: Buffer.from([0, 255]), contentType: 'a/b', isText: false, at: 1_700_000_000_000 },
    ...{ responseTopic: 'r', correlation: Buffer.from([7]) },
    properties: [
      { name: 'a', value: '1' },
      { name: 'a', value: '' },
    ],
  };
  const read = decodePublication(encodePublication(content));
  expect({
    ...read,
    payload: Buffer.from(read!.payload),
    correlation: Buffer.from(read!.correlation),
  }).toEqual(content);
  expect(decodePublication(Buffer.from([0xff]))).toBeUndefined();
});
