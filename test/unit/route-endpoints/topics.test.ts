import { expect, test } from '@jest/globals';
import type { Caller, Endpoint } from '../../../src/http/endpoint.ts';
import { topicEndpoints } from '../../../src/route/endpoints/topics.ts';
import { FakeOperations } from './fake-operations.ts';

const operations = new FakeOperations();
const ask = (path: string, body: Parameters<Endpoint['handle']>[0]) =>
  topicEndpoints(operations)
    .find((endpoint) => endpoint.path === path)
    ?.handle(body, {} as Caller);

test('what is asked for is published, and the number answered', async () => {
  const body = { topic: 'a', text: 'x', retain: true, lifeSeconds: 60 };
  expect(await ask('/publish', body)).toEqual({ number: 7 });
  expect(await ask('/publish', { topic: 'a', text: '' })).toEqual({ number: 7 });
  expect(operations.calls).toEqual([
    ['publish', { topic: 'a', text: 'x', isRetained: true, lifeMs: 60_000 }],
    ['publish', { topic: 'a', text: '', isRetained: false }],
  ]);
});

test('a value is a text, or bytes in base64', async () => {
  const value = { number: 7, contentType: '', at: 5_000, expiresAt: 0 };
  expect(await ask('/retained', { filter: '#' })).toEqual({
    values: [
      { ...value, topic: 'a', text: '21 °C' },
      { ...value, topic: 'b', base64: '/w==' },
    ],
    next: 'b',
  });
});
