// Goal: whatever is asked of whatever endpoint, the answer has a bounded number of bytes, however
// much there is to tell. Method: a real route over a real store in which one user has as much of
// everything as limits allow, or enough to burst any page, in texts that grow sixfold in JSON; and
// questions that are right or nearly so, of which the pages are followed to their end.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawApiKey } from '../../src/auth/api-key.ts';
import { limits } from '../../src/base/limits.ts';
import type { HttpApp } from '../../src/http/app.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { type Endpoint, endpointsOf, goodValue, openRouteApp } from '../support/http-endpoints.ts';
import { amy, bob, RouteHarness, submission } from '../support/route-harness.ts';
import { onTeardown } from '../support/teardown.ts';
import { recordingLog } from '../unit/http/recording-log.ts';

/** In JSON a control character takes six bytes. */
const jsonGrowth = 6;
/** A page of the worst texts, and as much again for what is around them. */
const answerBytesMax = (jsonGrowth + 1) * limits.pageBytesMax;
/** Several pages of anything. */
const count = Math.ceil((3 * limits.pageBytesMax) / limits.textBytesMax);
const worst = '\u0001'.repeat(limits.textBytesMax);

let app: HttpApp;
let endpoints: readonly Endpoint[];

async function ask({ method, path }: Pick<Endpoint, 'method' | 'path'>, body: object) {
  const answer = await app.inject({
    method,
    url: path,
    headers: { authorization: 'Bearer cluster', 'x-cim-version': '1' },
    ...(method === 'POST' && { body }),
  });
  return { bytes: Buffer.byteLength(answer.body), ...(answer.json() as Answer) };
}

interface Answer {
  readonly code: string;
  readonly dataBody: {
    readonly messages?: readonly { readonly text: string }[];
    readonly next?: string | null;
  };
}

beforeAll(async () => {
  const route = await RouteHarness.start();
  const { operations } = route.core;
  for (let sent = 1; sent <= count; sent++) {
    await route.submit(submission(sent, worst), submission(sent, worst, 'lobby'));
    const schedule = { id: `s${sent}`, from: amy.userId, to: bob.userId };
    await operations.schedule({ ...schedule, text: worst, delaySeconds: limits.delaySecondsMax });
  }
  for (let index = 0; index < limits.groupsPerUserMax; index++) {
    const name = `${index}${'語'.repeat(limits.groupNameCharactersMax - 3)}`;
    await operations.createGroup(amy.userId, name);
  }
  const label = '語'.repeat(limits.labelCharactersMax);
  for (let index = 0; index < limits.apiKeysMax; index++) {
    const { id, hash } = drawApiKey();
    const scope = { kind: 'group', group: '語'.repeat(limits.groupNameCharactersMax) } as const;
    await route.store.apiKeys.add({ id, hash, label, scope, createdAt: index });
  }
  const { log } = recordingLog();
  app = await openRouteApp({ log, route });
  onTeardown(() => app.close());
  // Whose answers are looked at is not to be deleted meanwhile.
  endpoints = (await endpointsOf(app)).filter(({ path }) => path !== '/deleteAccount');
});

test(
  'the answer of whatever endpoint is bounded in bytes',
  async () => {
    const answered = new Set<string>();
    const request = fc.constantFrom(...endpoints).chain((endpoint) => {
      const { properties = {}, required = [] } = endpoint.body ?? {};
      const fields = Object.entries(properties).map(([name, schema]) => {
        const value = name === 'userId' ? fc.constant('1') : goodValue(schema);
        const given = required.includes(name) ? value : fc.option(value);
        return given.map((json) => (json === null ? [] : [[name, JSON.parse(json)] as const]));
      });
      return fc.record({
        endpoint: fc.constant(endpoint),
        body: fc.tuple(...fields).map((all) => Object.fromEntries(all.flat())),
      });
    });
    const property = fc.asyncProperty(request, async ({ endpoint, body }) => {
      const { bytes, code } = await ask(endpoint, body);
      expect(bytes).toBeLessThanOrEqual(answerBytesMax);
      if (code === '9000') answered.add(endpoint.path);
    });
    const isWhole = await fuzz('answers', property, 800);
    // How many bodies are taken is chance.
    if (isWhole) expect(answered.size).toBeGreaterThanOrEqual(Math.floor(endpoints.length / 4));
  },
  fuzzTimeoutMs,
);

describe('what has pages is told once, to its end', () => {
  test.each([
    ['/history', 'before', {}],
    ['/history', 'before', { group: 'lobby' }],
    ['/delayed', 'after', {}],
  ])('%s', async (path, goesOn, asked) => {
    let place: string | null | undefined;
    let told = 0;
    do {
      const body = { userId: amy.userId, ...asked, ...(place && { [goesOn]: place }) };
      const withLimit = path === '/history' ? { ...body, limit: limits.pageMessagesMax } : body;
      const { bytes, dataBody } = await ask({ method: 'POST', path }, withLimit);
      expect(bytes).toBeLessThanOrEqual(answerBytesMax);
      // Others were sent by the questions above.
      told += dataBody.messages?.filter(({ text }) => text === worst).length ?? 0;
      place = dataBody.next;
    } while (place);
    expect(told).toBe('group' in asked || path === '/delayed' ? count : 2 * count);
  });
});
