/** The whole client against a scripted server: logging in, and coming back. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { protocolVersion } from '../../../../src/codec/commands.ts';
import { encodeClose } from '../../../../src/codec/server-frame.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { MemoryStorage } from '../support/memory-storage.ts';
import { online, reconnect, record, watch } from '../support/running-client.ts';
import { bob, World } from '../support/scripted-server.ts';

describe('logging in', () => {
  test('registers, asks a route for a server, and introduces itself there', async () => {
    const world = new World();
    const client = world.client({ storage: new MemoryStorage() });
    const states = record(client, 'state');
    const readies = record(client, 'ready');
    const started = watch(client.start());
    await settle();
    expect(world.calls.map(({ path, body }) => [path, body])).toEqual([
      ['/registerAccount', { userId: 1, userName: 'bob' }],
      ['/login', { userId: 1, userName: 'bob' }],
    ]);
    expect(world.last).toMatchObject({ host: '10.0.0.1', port: 9000 });
    expect(client.state).toBe('connecting');
    expect(started).toEqual({});
    const login = await world.last.welcome();
    expect(login).toMatchObject({
      requestId: 1,
      reqMsg: 'bob',
      protocolVersion,
      connectionNumber: world.clock.now(),
    });
    expect(login.ephemeral).toBe(false);
    expect(login.epoch).toHaveLength(8);
    expect('value' in started).toBe(true);
    expect(readies).toEqual([{ ...bob, device: login.device, server: '10.0.0.1:9000' }]);
    expect(states.map(({ previous, state }) => `${previous} ${state}`)).toEqual([
      'idle connecting',
      'connecting ready',
    ]);
  });

  test('a fresh token that a server refuses sends the client to another server', async () => {
    const world = new World();
    const client = world.client();
    watch(client.start());
    await settle();
    await world.last.close('token-refused', 'the token has expired');
    await world.clock.advance(1_000);
    expect(world.callsTo('/login')[1]).toMatchObject({ avoid: ['10.0.0.1:9000'] });
    await client.close();
  });

  test.each(['name-taken', 'id-taken', 'account-mismatch', 'not-allowed'] as const)(
    '%s is final',
    async (kind) => {
      const world = new World();
      world.handlers['/registerAccount'] = () => {
        throw new CimError(kind);
      };
      const client = world.client();
      const closed = record(client, 'closed');
      const started = watch(client.start());
      await settle();
      expect(started.error).toMatchObject({ kind });
      expect(closed).toMatchObject([{ code: new CimError(kind).code, error: { kind } }]);
      expect(client.state).toBe('closed');
      expect(world.clock.timerCount).toBe(0);
    },
  );

  test.each(['no-server', 'busy', 'unavailable'] as const)(
    '%s is tried again, ever more slowly',
    async (kind) => {
      const world = new World();
      world.handlers['/login'] = () => {
        throw new CimError(kind);
      };
      const client = world.client();
      const warnings = record(client, 'warning');
      await world.start(client);
      await world.clock.advance(60_000);
      // 150, 300, … 4 800, 7 500, 7 500, … ms apart
      expect(world.callsTo('/login')).toHaveLength(13);
      expect(world.callsTo('/registerAccount')).toHaveLength(1);
      expect(warnings[0]).toMatchObject({
        kind: kind === 'unavailable' ? 'no-route' : 'login-failed',
      });
      await client.close();
      expect(world.clock.timerCount).toBe(0);
    },
  );

  test('why a cluster takes nobody for now is told, if a route knows it', async () => {
    const world = new World();
    world.handlers['/login'] = () => {
      throw new CimError('busy');
    };
    world.handlers['/readyz'] = () => ({ degraded: ['Redis cannot be reached'] });
    const client = world.client();
    const warnings = record(client, 'warning');
    await world.start(client);
    await settle();
    expect(warnings).toEqual([{ kind: 'login-failed', message: 'Redis cannot be reached' }]);
    await client.close();
  });

  test('registers once more where its account is not known any more', async () => {
    const { world, server } = await online();
    let known = false;
    world.handlers['/registerAccount'] = ({ userId, userName }) => {
      known = true;
      return { userId, userName };
    };
    world.handlers['/login'] = () => {
      if (!known) throw new CimError('account-mismatch');
      return { endpoints: serverAddress('10.0.0.2', 9001, 8081, true) };
    };
    await server.end();
    await world.clock.advance(200);
    expect(world.last).toMatchObject({ host: '10.0.0.2', port: 9001 });
  });

  test('an account of another name is refused for good', async () => {
    const world = new World();
    world.handlers['/login'] = () => {
      throw new CimError('account-mismatch');
    };
    const started = watch(world.client().start());
    await settle();
    expect(started.error).toMatchObject({ kind: 'account-mismatch' });
  });

  test('start() again is the same start', async () => {
    const { client, world } = await online();
    await client.start();
    expect(world.connections).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  test('comes back soon, as the same epoch with a higher number', async () => {
    const world = new World();
    const client = world.client();
    const states = record(client, 'state');
    const offline = record(client, 'offline');
    await world.start(client);
    const first = await world.last.welcome();
    await world.clock.advance(5_000);
    await world.last.end('reset');
    expect(offline).toEqual([{ reason: 'reset' }]);
    expect(client.state).toBe('reconnecting');
    await world.clock.advance(500);
    const second = await world.last.welcome();
    expect(second.epoch).toEqual(first.epoch);
    expect(second.device).toBe(first.device);
    expect(second.connectionNumber).toBeGreaterThan(first.connectionNumber);
    expect(states.map(({ state }) => state)).toEqual([
      'connecting',
      'ready',
      'reconnecting',
      'ready',
    ]);
    expect(world.callsTo('/registerAccount')).toHaveLength(1);
  });

  test('sent elsewhere, goes there at once and avoids where it was', async () => {
    const { world, server } = await online();
    await server.send(encodeClose('full'));
    await world.clock.advance(0);
    expect(world.connections).toHaveLength(2);
    expect(world.callsTo('/login').at(-1)).toMatchObject({ avoid: ['10.0.0.1:9000'] });
    await world.last.welcome();
    await world.clock.advance(2_000);
    await world.last.end();
    await world.clock.advance(500);
    expect(world.callsTo('/login').at(-1)).not.toHaveProperty('avoid');
  });

  test('a server that cannot be reached is avoided', async () => {
    const { world, server } = await online();
    await world.clock.advance(2_000);
    world.reachable = false;
    await server.end();
    await world.clock.advance(750);
    expect(world.callsTo('/login').at(-1)).toMatchObject({ avoid: ['10.0.0.1:9000'] });
    world.reachable = true;
    await world.clock.advance(1_000);
    await world.last.welcome();
  });

  test.each([
    ['replaced', 'not-allowed'],
    ['kicked', 'not-allowed'],
    ['wrong-version', 'internal'],
  ] as const)('%s: does not come back', async (name, kind) => {
    const { world, server, client } = await online();
    const closed = record(client, 'closed');
    const offline = record(client, 'offline');
    const sending = watch(client.send({ to: 2 }, 'hi'));
    await server.send(encodeClose(name, 'because'));
    expect(closed).toEqual([
      { reason: 'because', code: name, error: expect.objectContaining({ kind }) },
    ]);
    expect(offline).toEqual([]);
    expect(sending.error).toMatchObject({ kind: 'unconfirmed' });
    await world.clock.advance(60_000);
    expect(world.connections).toHaveLength(1);
    expect(world.clock.timerCount).toBe(0);
  });

  test('a read that was under way is asked again', async () => {
    const { world, server } = await online();
    await world.clock.advance(2_000);
    await server.hint(1);
    server.take('read');
    await server.end();
    const next = await reconnect(world, { head: 1 });
    expect(next.take('read')).toMatchObject({ after: 0 });
  });

  test('a server that is dead is noticed within 15 s', async () => {
    const { client, clock } = await online();
    await clock.advance(15_000);
    expect(client.state).toBe('reconnecting');
  });
});
