/**
 * Whom a server lets in before any route is asked. What a good token says of the account goes to the
 * route with the login; whoever shows another one hears why, and no route hears of it.
 */
import { expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { Tokens } from '../../../../src/auth/tokens.ts';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { closeCodes } from '../../../../src/codec/close-codes.ts';
import { command } from '../../../../src/codec/commands.ts';
import { encodeRequest } from '../../../../src/codec/sdk-frame.ts';
import { clusterKeysOf } from '../../../support/cluster-key.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import {
  cimLogin,
  GatewayHarness,
  message,
  type Peer,
  tokensOf,
} from '../support/gateway-harness.ts';

const epoch = new Uint8Array(8).fill(1);
const claims = { userId: 1, userName: 'user-1', generation: 3 };

async function tokenOf(tokens = tokensOf('cluster'), of = claims): Promise<string> {
  return (await tokens.issue(of)).token;
}

function loginWith(token: string, harness = new GatewayHarness()): Peer {
  const peer = harness.connect();
  peer.write(cimLogin(1, epoch, token));
  return peer;
}

/** Tokens that are verified when the test says so. */
class HeldTokens {
  readonly #tokens = tokensOf('cluster');
  #release: (() => void) | undefined;

  async verify(token: string) {
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    return this.#tokens.verify(token);
  }

  whenAsked(): Promise<unknown> {
    return waitUntil('a token is looked at', () => this.#release);
  }

  async release(): Promise<void> {
    await this.whenAsked();
    this.#release?.();
  }
}

test('a good token: the route hears of which generation the account was', async () => {
  const harness = new GatewayHarness();
  const peer = loginWith(await tokenOf(), harness);
  await peer.when(({ cmd }) => cmd === command.welcome);
  expect(harness.opens.entries).toMatchObject([{ userId: 1, userName: 'user-1', generation: 3 }]);
});

test('no token: the route is to say', async () => {
  const harness = new GatewayHarness();
  await harness.cim();
  expect(harness.opens.entries).toMatchObject([{ generation: 0 }]);
});

test('a session that the store has lost is reported again with its generation', async () => {
  const harness = new GatewayHarness();
  const peer = loginWith(await tokenOf(), harness);
  await peer.when(({ cmd }) => cmd === command.welcome);
  harness.checks.answer = () => ({ code: 0, known: false, head: 0, marksVersion: 0 });
  await waitUntil('it is reported again', async () => {
    await harness.clock.advance(1_000);
    return harness.opens.entries.length > 1;
  });
  expect(harness.opens.entries[1]).toMatchObject({ generation: 3, connectionNumber: 7 });
});

test.each([
  [
    'expired',
    'the token has expired',
    () =>
      tokenOf(
        new Tokens({
          clusterKeys: clusterKeysOf('cluster'),
          lifetimeMs: -limits.clockToleranceMs - 1_000,
          now: () => Date.now(),
        }),
      ),
  ],
  ['forged', 'the token was not made by this cluster', () => tokenOf(tokensOf('another'))],
  [
    'tampered with',
    'the signature of the token is wrong',
    async () => {
      const [header, , signature] = (await tokenOf()).split('.');
      const [, payload] = (await tokenOf(tokensOf('another'), { ...claims, generation: 4 })).split(
        '.',
      );
      return [header, payload, signature].join('.');
    },
  ],
  [
    'of another user',
    'the token speaks for another user',
    () => tokenOf(tokensOf('cluster'), { ...claims, userId: 2 }),
  ],
  [
    'of another name',
    'the token speaks for another user',
    () => tokenOf(tokensOf('cluster'), { ...claims, userName: 'user-2' }),
  ],
  [
    'not signed (alg: none)',
    'the token is not signed as cim signs',
    async () =>
      new UnsecuredJWT({ name: 'user-1', gen: 3 })
        .setIssuer('cim')
        .setSubject('1')
        .setExpirationTime('1h')
        .encode(),
  ],
  ['no token at all', 'this is not a token of cim', async () => 'x'.repeat(2_000)],
])('a token that is %s ends the connection', async (_what, reason, make) => {
  const harness = new GatewayHarness();
  const peer = loginWith(await make(), harness);
  const { code } = closeCodes['token-refused'];
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code, reason });
  await peer.whenEnded();
  expect(harness.opens.entries).toEqual([]);
  expect(harness.count('connections.closed.token-refused')).toBe(1);
});

test('while no secret of the cluster is known, nothing is said about the token', async () => {
  const peer = loginWith(await tokenOf(), new GatewayHarness({ tokens: tokensOf() }));
  const { code } = closeCodes.unavailable;
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
});

test('a mistake of ours ends that connection alone', async () => {
  const harness = new GatewayHarness({
    tokens: { verify: () => Promise.reject(new Error('a mistake')) },
  });
  const other = await harness.cim(2);
  const peer = loginWith(await tokenOf(), harness);
  const { code } = closeCodes.failed;
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
  await other.settled();
});

test.each([
  ['refused', () => Promise.reject(new CimError('unauthenticated'))],
  ['good', () => Promise.resolve(claims)],
])(
  'a connection that has gone before its token was found %s is not logged in',
  async (_what, verdict) => {
    const tokens = new HeldTokens();
    const harness = new GatewayHarness({
      tokens: { verify: (token) => tokens.verify(token).then(verdict) },
    });
    const gone = loginWith(await tokenOf(), harness);
    await tokens.whenAsked();
    gone.stream.end();
    await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
    await tokens.release();
    // Whoever comes next is served, and the route hears of nobody else.
    await harness.java(2);
    expect(harness.opens.entries.map(({ userId }) => userId)).toEqual([2]);
  },
);

test('while a token is looked at nothing but pings is taken', async () => {
  const tokens = new HeldTokens();
  const harness = new GatewayHarness({ tokens });
  const peer = loginWith(await tokenOf(), harness);
  peer.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
  await peer.when(({ cmd }) => cmd === command.ping);
  peer.write(message(1));
  const { code } = closeCodes['protocol-error'];
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
  await tokens.release();
  await peer.whenEnded();
  expect(harness.opens.entries).toEqual([]);
});

test('a second login while the first is looked at ends the connection', async () => {
  const tokens = new HeldTokens();
  const harness = new GatewayHarness({ tokens });
  const token = await tokenOf();
  const peer = loginWith(token, harness);
  peer.write(cimLogin(1, epoch, token));
  const { code } = closeCodes['protocol-error'];
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
  await tokens.release();
  await peer.whenEnded();
  expect(harness.opens.entries).toEqual([]);
});

test('a token that is looked at for too long is a login that does not come', async () => {
  const harness = new GatewayHarness({ tokens: new HeldTokens() });
  const peer = loginWith(await tokenOf(), harness);
  await waitUntil('it is too late', async () => {
    await harness.clock.advance(1_000);
    return peer.frames.length > 0;
  });
  expect(peer.frames).toMatchObject([{ code: closeCodes['login-timeout'].code }]);
});

test('a server that is left sends those elsewhere whose token is looked at', async () => {
  const tokens = new HeldTokens();
  const harness = new GatewayHarness({ tokens });
  const peer = loginWith(await tokenOf(), harness);
  await tokens.whenAsked();
  void harness.gateway.drain();
  const { code } = closeCodes.moving;
  expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
  await tokens.release();
  expect(harness.opens.entries).toEqual([]);
});
