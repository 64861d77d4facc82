// Goal: a chosen secret is guessed little, whichever endpoint and whichever way to write a name is
// used for it, and nobody's guesses keep an owner out who cannot be taken for one of them. Method: a
// real route over a real store, its HTTP port, addresses of everywhere.
import { beforeEach, expect, test } from '@jest/globals';
import { Counters } from '../../../src/base/process/counters.ts';
import type { HttpApp } from '../../../src/http/app.ts';
import { CallerLimits } from '../../../src/limits/caller-limits.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { routeFiguresOf } from '../../support/figures.ts';
import { RouteHarness, testTokens } from '../../support/route-harness.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from '../http/recording-log.ts';

const perMinute = 3;
const chosen = 'A'.repeat(43);
const drawn = `drawn.${'B'.repeat(43)}`;
const wrong = 'C'.repeat(43);
const carol = { userId: 3, userName: 'Carol' };
const dave = { userId: 4, userName: 'Dave' };
const home = '198.51.100.7';

let app: HttpApp;

async function post(path: string, body: object, from: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'x-cim-version': '1' };
  const answer = await app.inject({
    method: 'POST',
    url: path,
    remoteAddress: from,
    headers,
    body: JSON.stringify(body),
  });
  return answer.json().code as string;
}

const logIn = (account: typeof carol, loginKey: string, from: string) =>
  post('/login', { ...account, loginKey }, from);

beforeEach(async () => {
  const authentication = { mode: 'secret', tokens: testTokens } as const;
  const { core } = await RouteHarness.start({ authentication });
  const counters = new Counters();
  const settings = {
    ...{ trustProxy: [], limitLoopback: false, loginFailureRate: perMinute },
    ...{ loginRate: 10_000, registrationRate: 10_000, sendRate: 10_000, sendBytesRate: 10_000_000 },
    readBytesRate: 10_000_000,
  };
  app = buildRouteApp(core.operations, {
    ...{
      mode: 'secret',
      ...routeFiguresOf(counters),
      warnings: [],
      version: '9.9.9',
      log: recordingLog().log,
    },
    proofs: { clusterKeys: () => [], users: core.callers },
    callerLimits: new CallerLimits(settings, counters, () => 0),
  });
  onTeardown(() => app.close());
  expect(await post('/registerAccount', { ...carol, loginKey: chosen }, home)).toBe('9000');
  expect(await post('/registerAccount', { ...dave, loginKey: drawn }, home)).toBe('9000');
});

test('guesses count once, by account, at every endpoint and under every spelling', async () => {
  const tries: Promise<string>[] = [
    ...[wrong, wrong].map((loginKey) => logIn(carol, loginKey, '192.0.2.1')),
    ...['carol', 'CAROL', 'ｃａｒｏｌ'].map((userName) =>
      post('/registerAccount', { userName, loginKey: wrong }, '192.0.2.1'),
    ),
    post('/rotateSecret', { userId: 3, loginKey: wrong, newLoginKey: chosen }, '192.0.2.1'),
    post('/rotateSecret', { userId: 3, loginKey: chosen, newLoginKey: wrong }, '192.0.2.1'),
  ];
  const codes = await Promise.all(tries);
  expect(codes.filter((code) => code === '9100')).toHaveLength(perMinute);
  expect(codes.filter((code) => code === '8101')).toHaveLength(codes.length - perMinute);
});

test('the key that a change would set is a guess as well', async () => {
  const body = { userId: 3, loginKey: wrong, newLoginKey: wrong };
  const codes = [];
  for (let time = 0; time < 4; time++) codes.push(await post('/rotateSecret', body, '192.0.2.1'));
  expect(codes).toContain('8101');
});

test('a right key with a wrong name is no guess', async () => {
  for (let time = 0; time < 2 * perMinute; time++)
    expect(await logIn({ ...carol, userName: 'Carl' }, chosen, '192.0.2.1')).toBe('9101');
});

test('guesses from everywhere keep out who chose a secret and comes from a new place, and nobody else', async () => {
  for (const account of [carol, dave])
    for (let index = 1; index <= 60; index++) await logIn(account, wrong, `192.0.2.${index}`);
  expect(await logIn(carol, chosen, '203.0.113.9')).toBe('8101');
  expect(await logIn(dave, drawn, '203.0.113.9')).toBe('9000');
  expect(await logIn(dave, drawn, '192.0.2.1')).toBe('9000');
});

test('they do not keep out who was right from there before', async () => {
  expect(await logIn(carol, chosen, home)).toBe('9000');
  for (let index = 1; index <= 60; index++) await logIn(carol, wrong, `192.0.2.${index}`);
  for (let time = 0; time < 2 * perMinute; time++)
    expect(await logIn(carol, chosen, home)).toBe('9000');
});

test('a chosen secret is not guessed by saying that it was drawn', async () => {
  expect(await logIn(carol, `drawn.${chosen}`, '192.0.2.1')).toBe('9100');
  expect(await logIn(dave, drawn.slice('drawn.'.length), '192.0.2.1')).toBe('9100');
});
