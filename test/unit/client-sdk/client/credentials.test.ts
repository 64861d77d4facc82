/** The whole client against routes that let in only who proves to be the holder of an account. */
import { describe, expect, test } from '@jest/globals';
import { deriveAccountKeys, formatSecret } from '../../../../src/auth/account-secret.ts';
import { CimError } from '../../../../src/base/errors.ts';
import { ignore } from '../../../../src/base/ignore.ts';
import { type CimClient, memorySecretKeeper } from '../../../../src/client/sdk/index.ts';
import type { KeptSecrets, SecretKeeper } from '../../../../src/client/sdk/platform.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { GuardedWorld } from '../support/guarded-world.ts';
import { record, watch } from '../support/running-client.ts';

/** A keeper that tells what was asked of it, in the order of all that happens. */
function watchedKeeper(note: (event: string) => void): SecretKeeper {
  const keeper = memorySecretKeeper();
  return {
    load: () => keeper.load(),
    offer: (which, secret) => {
      note(`keep ${which}`);
      return keeper.offer(which, secret);
    },
    promote: (next) => {
      note('promote');
      return keeper.promote(next);
    },
    replace: (current, secret) => {
      note('replace');
      return keeper.replace(current, secret);
    },
  };
}

async function keeperOf(kept: KeptSecrets): Promise<SecretKeeper> {
  const keeper = memorySecretKeeper();
  if (kept.current !== undefined) await keeper.offer('current', kept.current);
  if (kept.next !== undefined) await keeper.offer('next', kept.next);
  return keeper;
}

function unexpected(): never {
  throw new Error('nobody should ask');
}

const refusingKeeper: SecretKeeper = {
  load: async () => ({}),
  offer: () => Promise.reject(new Error('read-only file system')),
  promote: () => Promise.reject(new Error('read-only file system')),
  replace: () => Promise.reject(new Error('read-only file system')),
};

const right = formatSecret(new Uint8Array(32).fill(201));
const wrong = formatSecret(new Uint8Array(32).fill(202));

/** An account that another device has made. */
async function withAccount(secret = right) {
  const world = new GuardedWorld();
  const device = world.client({ credentials: { secret } });
  await world.letIn(device);
  await device.close();
  world.calls.length = 0;
  return world;
}

/** How the client is refused. */
async function refusal(client: CimClient): Promise<unknown> {
  const outcome = watch(client.start());
  await waitUntil('the refusal', () => outcome.error);
  return outcome.error;
}

describe('the first use', () => {
  test('keeps a secret before anybody hears of the account, and shows only what it derives', async () => {
    const world = new GuardedWorld();
    const happened: string[] = [];
    const register = world.handlers['/registerAccount'];
    world.handlers['/registerAccount'] = (body, bearer) => {
      happened.push('register');
      return register?.(body, bearer);
    };
    const keeper = watchedKeeper((event) => happened.push(event));
    await world.connected(world.client({ credentials: { keeper } }));
    expect(happened).toEqual(['keep current', 'register']);
    const { current = '' } = await keeper.load();
    expect(current).toMatch(/^cim_.{43}$/);
    expect(JSON.stringify(world.calls)).not.toContain(current);
    expect(await world.last.welcome()).toMatchObject({ token: world.token });
  });

  test('a lost answer locks nobody out', async () => {
    const world = new GuardedWorld();
    world.lostAnswers = { '/registerAccount': 1 };
    const keeper = memorySecretKeeper();
    const client = world.client({ credentials: { keeper } });
    const warnings = record(client, 'warning');
    client.start().catch(ignore('events tell'));
    await waitUntil('the failed attempt', () => warnings[0]);
    await client.close();
    expect(world.loginKeys.size).toBe(1);
    await world.letIn(world.client({ credentials: { keeper } }));
  });

  test('where no secret can be kept there is none, and the refusal says so', async () => {
    const world = new GuardedWorld();
    expect(await refusal(world.client({ credentials: { keeper: refusingKeeper } }))).toMatchObject({
      kind: 'unauthenticated',
      message: 'account 1 needs a secret, and one could not be saved: read-only file system',
    });
    expect(await refusal(world.client())).toMatchObject({
      kind: 'unauthenticated',
      message: 'account 1 needs a secret, and none was given',
    });
  });

  test('where none is asked for, none is needed', async () => {
    const world = new GuardedWorld();
    world.handlers['/registerAccount'] = ({ userId, userName }) => ({ userId, userName });
    world.handlers['/login'] = () => ({ endpoints: serverAddress('10.0.0.1', 9000, 8081, true) });
    const client = world.client({ credentials: { keeper: refusingKeeper } });
    await world.connected(client);
    const login = await world.last.welcome();
    expect(login.token).toBe('');
  });
});

describe('a device that does not have the secret', () => {
  test('is told it, and keeps it once it has let it in', async () => {
    const world = await withAccount();
    const keeper = memorySecretKeeper();
    await world.letIn(world.client({ credentials: { keeper, secret: right } }));
    expect(await keeper.load()).toEqual({ current: right });
  });

  test('is refused with a wrong one, which is not kept', async () => {
    const world = await withAccount();
    const keeper = memorySecretKeeper();
    const client = world.client({ credentials: { keeper, secret: wrong } });
    expect(await refusal(client)).toMatchObject({ kind: 'account-mismatch' });
    expect(await keeper.load()).toEqual({});
    expect(world.connections).toHaveLength(1);
  });

  test('what is given counts more than what is kept, and takes its place', async () => {
    const world = await withAccount();
    const keeper = await keeperOf({ current: wrong, next: 'correct horse battery staple' });
    await world.letIn(world.client({ credentials: { keeper, secret: right } }));
    expect(await keeper.load()).toEqual({ current: right });
  });

  test('what is given and wrong does no harm where the right one is kept', async () => {
    const world = await withAccount();
    const keeper = await keeperOf({ current: right });
    await world.letIn(world.client({ credentials: { keeper, secret: wrong } }));
    expect(await keeper.load()).toEqual({ current: right });
  });

  test('a person is asked for it, again while it is wrong', async () => {
    const world = await withAccount();
    const keeper = memorySecretKeeper();
    const answers = [wrong, 'short', right];
    const ask = async () => answers.shift();
    await world.letIn(world.client({ credentials: { keeper, ask } }));
    expect(answers).toEqual([]);
    expect(await keeper.load()).toEqual({ current: right });
  });

  test('a person who does not tell is refused; so is one who never tells the right one', async () => {
    const world = await withAccount();
    let asked = 0;
    const askOnce = async () => {
      asked += 1;
      return undefined;
    };
    const silent = world.client({ credentials: { ask: askOnce, secret: wrong } });
    expect(await refusal(silent)).toMatchObject({ kind: 'account-mismatch' });
    expect(asked).toBe(1);
    const askWrong = async () => `it is not ${asked++}`;
    const stubborn = world.client({ credentials: { ask: askWrong } });
    expect(await refusal(stubborn)).toMatchObject({ kind: 'account-mismatch' });
    expect(asked).toBe(4);
  });

  test('a person who would rather not ends the login with the reason that they give', async () => {
    const world = await withAccount();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      throw new CimError('not-allowed', 'no secret given');
    };
    const client = world.client({ credentials: { ask, secret: wrong } });
    expect(await refusal(client)).toMatchObject({
      kind: 'not-allowed',
      message: 'no secret given',
    });
    expect(asked).toBe(1);
  });

  test('one that a person chose is derived with the salt of the system as it is now', async () => {
    const world = new GuardedWorld();
    const secret = 'correct horse battery';
    const keyFor = async (salt: string) => (await deriveAccountKeys(secret, 1, salt)).loginKey;
    const client = world.client({ credentials: { secret } });
    const server = await world.letIn(client);
    expect(world.loginKeys.get(1)).toBe(await keyFor(world.salt));
    expect(world.saltsAsked).toBe(1);
    // Somebody has set it up anew.
    world.loginKeys.clear();
    world.salt = 'a5'.repeat(16);
    world.token = '';
    await server.close('token-refused');
    await world.clock.advance(60_000);
    await waitUntil('it has registered again', () => world.loginKeys.size > 0 || undefined);
    expect(world.loginKeys.get(1)).toBe(await keyFor(world.salt));
  });

  test('one that was drawn needs no salt', async () => {
    const world = new GuardedWorld();
    await world.letIn(world.client({ credentials: { keeper: memorySecretKeeper() } }));
    expect(world.saltsAsked).toBe(0);
  });

  test('nobody is asked where the kept one fits', async () => {
    const world = await withAccount();
    const keeper = await keeperOf({ current: right });
    const ask = unexpected;
    await world.letIn(world.client({ credentials: { keeper, ask } }));
  });

  test('a secret that cannot be saved is warned of, and used', async () => {
    const world = await withAccount();
    const client = world.client({ credentials: { keeper: refusingKeeper, secret: right } });
    const warnings = record(client, 'warning');
    await world.letIn(client);
    expect(warnings).toMatchObject([{ kind: 'secret-not-kept' }]);
  });
});

describe('the token', () => {
  async function online({ tokenSeconds = 3_600 } = {}) {
    const world = new GuardedWorld();
    world.tokenSeconds = tokenSeconds;
    const client = world.client({ credentials: { keeper: memorySecretKeeper() } });
    const server = await world.letIn(client);
    await world.clock.advance(2_000);
    return { world, client, server };
  }

  test('lets a lost connection back in where it was, without a route', async () => {
    const { world, server } = await online();
    world.handlers['/login'] = unexpected;
    await server.end();
    await world.clock.advance(500);
    expect(world.last).not.toBe(server);
    expect(world.last).toMatchObject({ host: '10.0.0.1', port: 9000 });
    expect(await world.last.welcome()).toMatchObject({ token: 'token 1' });
  });

  test('is replaced at a reconnect after its time', async () => {
    const { world, server } = await online({ tokenSeconds: 2 });
    await server.end();
    await world.clock.advance(500);
    await world.whenConnected(2);
    expect(await world.last.welcome()).toMatchObject({ token: 'token 2' });
    expect(world.callsTo('/registerAccount')).toHaveLength(1);
  });

  test('is replaced by a request after its time, without disturbing the connection', async () => {
    const world = new GuardedWorld();
    world.tokenSeconds = 5;
    const client = world.client({ credentials: { keeper: memorySecretKeeper() } });
    await world.letIn(client);
    await expect(client.groups()).resolves.toEqual([]);
    await world.clock.advance(4_600);
    await expect(client.groups()).resolves.toEqual([]);
    expect(world.calls.filter(({ path }) => path === '/groups')).toMatchObject([
      { bearer: 'token 1' },
      { bearer: 'token 2' },
    ]);
    expect(client.state).toBe('ready');
    expect(world.connections).toHaveLength(1);
  });

  test('that a route refuses is replaced, once for all who wait', async () => {
    const { world, client } = await online();
    world.token = 'void';
    await Promise.all([client.groups(), client.groups(), client.groups()]);
    expect(world.callsTo('/login')).toHaveLength(2);
  });

  test('that a server refuses is replaced at once', async () => {
    const { world, client, server } = await online();
    const warnings = record(client, 'warning');
    await server.end();
    await world.clock.advance(500);
    await world.last.close('token-refused', 'the token has expired');
    await world.clock.advance(0);
    await world.whenConnected(3);
    expect(await world.last.welcome()).toMatchObject({ token: 'token 2' });
    expect(warnings).toEqual([]);
  });

  test('that a server refuses after all is not shown to it again', async () => {
    const { world, server } = await online();
    await server.close('token-refused', 'the token has expired');
    await world.clock.advance(500);
    await world.whenConnected(2);
    expect(await world.last.welcome()).toMatchObject({ token: 'token 2' });
  });

  test('a new one that a server refuses too is no reason to hurry', async () => {
    const { world, client, server } = await online();
    const warnings = record(client, 'warning');
    await server.end();
    await world.clock.advance(500);
    await world.last.close('token-refused');
    await world.clock.advance(0);
    await world.whenConnected(3);
    await world.last.close('token-refused', 'not of this cluster');
    expect(warnings).toEqual([{ kind: 'login-failed', message: 'not of this cluster' }]);
    await world.clock.advance(50);
    expect(world.callsTo('/login')).toHaveLength(2);
    await world.clock.advance(200);
    expect(world.callsTo('/login')).toHaveLength(3);
  });

  test('where the server is gone, a route is asked at once, and told', async () => {
    const { world, server } = await online();
    world.reachable = false;
    await server.end();
    await world.clock.advance(500);
    await waitUntil('the login', () => world.callsTo('/login')[1]);
    expect(world.callsTo('/login')[1]).toMatchObject({ avoid: ['10.0.0.1:9000'] });
  });

  test.each(['moving', 'full'] as const)('%s: a route is asked', async (name) => {
    const { world, server } = await online();
    await server.close(name);
    await world.clock.advance(500);
    await world.whenConnected(2);
    expect(world.callsTo('/login')[1]).toMatchObject({ avoid: ['10.0.0.1:9000'] });
  });

  test('a server that is dead is not returned to', async () => {
    const { world } = await online();
    await world.clock.advance(15_100);
    await world.whenConnected(2);
    expect(world.callsTo('/login')[1]).toMatchObject({ avoid: ['10.0.0.1:9000'] });
  });

  test('of an application vouches for the user instead of a secret', async () => {
    const world = new GuardedWorld();
    world.handlers['/login'] = (_body, bearer) => {
      if (bearer !== 'jwt') throw new CimError('unauthenticated', 'the token has expired');
      return {
        endpoints: serverAddress('10.0.0.1', 9000, 8081, true),
        token: 'token',
        tokenSeconds: 60,
      };
    };
    const jwts = ['jwt', 'expired'];
    const token = async () => jwts.shift() ?? '';
    await world.letIn(world.client({ credentials: { token } }));
    expect(world.calls.map(({ path, body }) => [path, body])).toEqual([
      ['/login', { userId: 1, userName: 'bob' }],
    ]);
    const late = world.client({ credentials: { token } });
    expect(await refusal(late)).toMatchObject({
      kind: 'unauthenticated',
      message: 'the token has expired',
    });
  });
});

describe('changing the secret', () => {
  async function online(keeper = memorySecretKeeper(), world = new GuardedWorld()) {
    const client = world.client({ credentials: { keeper } });
    const server = await world.letIn(client);
    await world.clock.advance(2_000);
    const { current: before } = await keeper.load();
    return { world, keeper, client, server, before };
  }

  test('keeps the new one first, and it alone when the route has taken it', async () => {
    const { world, keeper, client, before } = await online();
    let keptThen: KeptSecrets = {};
    const rotate = world.handlers['/rotateSecret'];
    world.handlers['/rotateSecret'] = async (body, bearer) => {
      keptThen = await keeper.load();
      return rotate?.(body, bearer);
    };
    await client.rotateSecret();
    expect(keptThen).toEqual({ current: before, next: expect.stringMatching(/^cim_/) });
    expect(await keeper.load()).toEqual({ current: keptThen.next });
    expect(await client.secret()).toBe(keptThen.next);
  });

  test('the client that did it logs in with the new one when its session is ended', async () => {
    const { world, client, server } = await online();
    const closed = record(client, 'closed');
    const rotated = client.rotateSecret();
    await waitUntil('the change', () => world.callsTo('/rotateSecret')[0]);
    // The word of the server may come before the answer of the route is dealt with.
    await server.close('secret-changed');
    await rotated;
    await world.clock.advance(500);
    await world.whenConnected(2);
    await world.last.welcome();
    expect(client.state).toBe('ready');
    expect(closed).toEqual([]);
  });

  test('so does another process that keeps it at the same place', async () => {
    const { world, keeper, client } = await online();
    const other = await online(keeper, world);
    await client.rotateSecret();
    await other.server.close('secret-changed');
    await world.clock.advance(500);
    await world.whenConnected(3);
    await world.last.welcome();
    expect(other.client.state).toBe('ready');
  });

  test('all others are out for good', async () => {
    const { world, keeper, client } = await online();
    const { current: secret = '' } = await keeper.load();
    const other = world.client({ credentials: { keeper: memorySecretKeeper(), secret } });
    const closed = record(other, 'closed');
    const server = await world.letIn(other);
    await client.rotateSecret();
    await server.close('secret-changed', 'the secret of the account was changed');
    await waitUntil('the end', () => closed[0]);
    expect(closed).toMatchObject([{ code: 'secret-changed', error: { kind: 'not-allowed' } }]);
  });

  test('is repeated until it is answered', async () => {
    const { world, keeper, client, before } = await online();
    world.lostAnswers = { '/rotateSecret': 2 };
    const rotated = client.rotateSecret();
    for (const count of [2, 3]) {
      await waitUntil('a lost answer', () => world.callsTo('/rotateSecret')[count - 2]);
      await world.clock.advance(1_000);
    }
    await rotated;
    const { current, next } = await keeper.load();
    expect(current).not.toBe(before);
    expect(next).toBeUndefined();
  });

  test.each([
    ['has taken it', true],
    ['has not', false],
  ])(
    'after a crash in the middle the next process gets in, whether the route %s',
    async (_, taken) => {
      const { world, keeper, client, before } = await online();
      if (!taken) world.handlers['/rotateSecret'] = () => new Promise(() => {});
      else world.lostAnswers = { '/rotateSecret': Infinity };
      client.rotateSecret().catch(ignore('events tell'));
      await waitUntil('the request', () => world.callsTo('/rotateSecret')[0]);
      const { next } = await keeper.load();
      world.lostAnswers = {};

      const later = await online(keeper, world);
      expect(await later.client.secret()).toBe(taken ? next : before);
      // What was not taken may still be on its way: it is not given up.
      expect(await keeper.load()).toEqual(taken ? { current: next } : { current: before, next });
      expect(later.client.state).toBe('ready');
    },
  );

  test('a change that was not finished is finished by the next one', async () => {
    const { world, keeper, client, before } = await online();
    const rotate = world.handlers['/rotateSecret'];
    world.handlers['/rotateSecret'] = () => {
      throw new CimError('not-allowed');
    };
    await expect(client.rotateSecret()).rejects.toMatchObject({ kind: 'not-allowed' });
    const { next } = await keeper.load();
    expect(await keeper.load()).toEqual({ current: before, next });
    if (rotate) world.handlers['/rotateSecret'] = rotate;
    await client.rotateSecret();
    expect(await keeper.load()).toEqual({ current: next });
  });

  test('is refused where the new one could not be kept', async () => {
    const world = await withAccount();
    const client = world.client({ credentials: { keeper: refusingKeeper, secret: right } });
    await world.letIn(client);
    await expect(client.rotateSecret()).rejects.toMatchObject({ kind: 'bad-config' });
    expect(world.callsTo('/rotateSecret')).toEqual([]);
  });
});
