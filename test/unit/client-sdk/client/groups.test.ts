/** The whole client against a scripted server: the named groups that its user is in. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { CimClient } from '../../../../src/client/sdk/index.ts';
import type { WelcomeGroup } from '../../../../src/codec/server-frame.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { MemoryStorage } from '../support/memory-storage.ts';
import { online, reconnect, record, watch } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

/** The user's place in the group `builds`. */
function builds(place: Partial<WelcomeGroup> = {}): WelcomeGroup {
  return { group: 'builds', joined: 10, cursor: 12, head: 14, keyEpoch: 0, ...place };
}

const identity = (sendSeq: number) => `2.0202020202020202.#builds.${sendSeq}`;

/** What the client tells of changes by others, in order. */
function recordChanges(client: CimClient): string[] {
  const changes: string[] = [];
  client.on('joined', ({ group }) => void changes.push(`+${group}`));
  client.on('left', ({ group, reason }) => void changes.push(`-${group}, ${reason}`));
  return changes;
}

/** A device that has shown up to 12 of the group, is in its user's hands no more, and saved that. */
async function savedDevice(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const { client, server } = await online({ storage, welcome: { groups: [builds()] } });
  server.take('read');
  await server.push(13, { group: 'builds', sendSeq: 1 });
  await server.pageEnd({ group: 'builds', after: 12, head: 13 });
  await client.close();
  return storage;
}

describe('a group that the login tells of', () => {
  test('is read by a new device from where the server says, shown, and acknowledged', async () => {
    const { server, messages, clock } = await online({ welcome: { groups: [builds()] } });
    expect(server.take('read')).toMatchObject({
      group: 'builds',
      after: 12,
      afterIdentity: '',
      limit: limits.pageMessagesMax,
    });
    await server.push(13, { group: 'builds', sendSeq: 1, text: 'green' });
    await server.push(14, { group: 'builds', sendSeq: 2, text: 'red' });
    await server.pageEnd({ group: 'builds', after: 12, head: 14 });
    expect(messages).toMatchObject([
      { group: 'builds', text: 'green', seq: 13 },
      { group: 'builds', text: 'red', seq: 14 },
    ]);
    expect(server.frames).toEqual([]);
    await clock.advance(200);
    expect(server.take('ack')).toMatchObject({ group: 'builds', after: 14 });
    expect(server.frames).toEqual([]);
  });

  test('is read even if there is nothing new: that is how the server knows to push', async () => {
    const { server, texts } = await online({ welcome: { groups: [builds({ cursor: 14 })] } });
    expect(server.take('read')).toMatchObject({ group: 'builds', after: 14 });
    await server.pageEnd({ group: 'builds', after: 14, head: 14 });
    expect(server.frames).toEqual([]);
    await server.push(15, { group: 'builds', sendSeq: 1 });
    expect(texts()).toEqual(['text 1']);
  });

  test('goes on after a reconnect, with a read, from what this device has shown', async () => {
    const { server, world } = await online({ welcome: { groups: [builds({ cursor: 14 })] } });
    server.take('read');
    await server.pageEnd({ group: 'builds', after: 14, head: 14 });
    await server.push(15, { group: 'builds', sendSeq: 1 });
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { groups: [builds({ cursor: 15, head: 15 })] });
    expect(next.take('read')).toMatchObject({ after: 15, afterIdentity: identity(1) });
  });

  test('is one of a hundred: no more are read at once than a server allows', async () => {
    const groups = Array.from({ length: 100 }, (_, index) => builds({ group: `g${index}` }));
    const { server } = await online({ welcome: { head: 1, groups } });
    const read = new Set<string>();
    while (read.size < 101) {
      expect(server.frames.length).toBe(Math.min(limits.readsPerConnectionMax, 101 - read.size));
      const { group, after } = server.take('read');
      read.add(group);
      await server.pageEnd({ group, after, head: after });
    }
    expect(server.frames).toEqual([]);
  });

  test('is begun at the joining by a device that was there before', async () => {
    const storage = new MemoryStorage();
    await (await online({ storage })).client.close();
    const { server } = await online({ storage, welcome: { groups: [builds()] } });
    expect(server.take('read')).toMatchObject({ group: 'builds', after: 10, afterIdentity: '' });
  });

  test('goes on in the next process where the last one was', async () => {
    const storage = await savedDevice();
    const { server, client } = await online({ storage, welcome: { groups: [builds()] } });
    expect(server.take('read')).toMatchObject({ after: 13, afterIdentity: identity(1) });
    await server.pageEnd({ group: 'builds', after: 13, head: 14, rewound: true });
    // What was shown is known again, also by the next process.
    expect(server.take('read')).toMatchObject({ after: 12, afterIdentity: '' });
    await client.close();
  });

  test('that the user left and joined again is begun at the last joining', async () => {
    const storage = await savedDevice();
    const later = builds({ joined: 20, cursor: 20, head: 22 });
    const { server, world } = await online({ storage, welcome: { groups: [later] } });
    expect(server.take('read')).toMatchObject({ after: 20, afterIdentity: '' });
    await server.push(21, { group: 'builds', sendSeq: 9 });
    await server.pageEnd({ group: 'builds', after: 20, head: 21 });
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { groups: [builds({ joined: 30, head: 31 })] });
    expect(next.take('read')).toMatchObject({ after: 30, afterIdentity: '' });
  });

  test('never goes back to before the joining, even if numbers are given out anew', async () => {
    const { server } = await online({ welcome: { groups: [builds({ cursor: 10, head: 12 })] } });
    server.take('read');
    await server.push(11, { group: 'builds', sendSeq: 1 });
    await server.push(12, { group: 'builds', sendSeq: 2 });
    await server.pageEnd({ group: 'builds', after: 10, head: 13 });
    expect(server.take('read')).toMatchObject({ after: 12 });
    await server.pageEnd({ group: 'builds', after: 12, head: 10, rewound: true });
    expect(server.frames).toEqual([]);
    await server.hint(11, 'builds');
    expect(server.take('read')).toMatchObject({ after: 10 });
  });

  test('is no longer followed when the login does not tell of it', async () => {
    const storage = await savedDevice();
    const { server, client } = await online({ storage });
    await client.close();
    expect(server.frames.filter(({ group }) => group !== '')).toEqual([]);
    expect(storage.placeOf('builds')).toBeUndefined();
  });
});

describe('a group that the server tells of later', () => {
  test('is followed from the joining, and told', async () => {
    const { server, client, texts } = await online();
    const changes = recordChanges(client);
    await server.joined('builds', 10, 11);
    expect(changes).toEqual(['+builds']);
    expect(server.take('read')).toMatchObject({ group: 'builds', after: 10 });
    await server.push(11, { group: 'builds', sendSeq: 1 });
    await server.pageEnd({ group: 'builds', after: 10, head: 11 });
    await server.joined('builds', 10, 11);
    expect(server.frames).toEqual([]);
    expect([changes, texts()]).toEqual([['+builds'], ['text 1']]);
  });

  test('to be left is forgotten, and told', async () => {
    const storage = new MemoryStorage();
    const { server, client, clock, texts } = await online({
      storage,
      welcome: { groups: [builds({ cursor: 14 })] },
    });
    const changes = recordChanges(client);
    server.take('read');
    await clock.advance(200);
    expect(storage.placeOf('builds')).toMatchObject({ position: { seq: 14 } });
    await server.left('builds');
    await server.left('builds');
    await server.push(15, { group: 'builds', sendSeq: 1 });
    await server.pageEnd({ group: 'builds', after: 14, head: 15 });
    await clock.advance(1_000);
    expect([changes, texts(), server.frames]).toEqual([['-builds, left'], [], []]);
    expect(storage.placeOf('builds')).toBeUndefined();
  });

  test('what it is, is told when it is not any more what was told before', async () => {
    const { server, client, world } = await online({ welcome: { groups: [builds()] } });
    const titles: string[] = [];
    client.on('groupChanged', ({ title }) => void titles.push(title));
    const facts = {
      ...{ group: 'builds', title: 'Builds', owner: 2, admins: [3], entry: 'open' },
      ...{ sharePercent: 0, version: 4, keyEpoch: 0 },
    };
    // Nobody has been told anything else.
    await server.facts(facts);
    await server.facts({ ...facts, version: 5 });
    expect(titles).toEqual([]);
    await server.facts({ ...facts, title: 'New', version: 6 });
    await server.facts({ ...facts, title: 'New', version: 7 });
    expect(titles).toEqual(['New']);
    // What the application asks for, it knows; an answer that was late is not the newest.
    const answered = (title: string, version: number) => {
      world.handlers['/groupInfo'] = () => ({ ...facts, title, version, sharePercent: null });
      return client.groupInfo('builds');
    };
    await answered('Asked', 8);
    await server.facts({ ...facts, title: 'Asked', version: 8 });
    expect(titles).toEqual(['New']);
    await answered('Late', 6);
    await server.facts({ ...facts, title: 'Asked', version: 9 });
    expect(titles).toEqual(['New']);
    // Also while the client was away; but a group that was left is another one.
    await server.facts({ ...facts, title: 'Away', version: 10 });
    await server.left('builds');
    await server.joined('builds', 20);
    await server.facts({ ...facts, title: 'Again', version: 11 });
    expect(titles).toEqual(['New', 'Away']);
  });

  test('invited is told by whom, and joins nothing', async () => {
    const { server, client, world } = await online({ welcome: { groups: [builds()] } });
    const changes = recordChanges(client);
    const invitations: unknown[] = [];
    client.on('invited', (invitation) => void invitations.push(invitation));
    await server.invited('ops', 2);
    expect(invitations).toEqual([{ group: 'ops', by: 2 }]);
    expect([changes, client.followedGroups]).toEqual([[], ['builds']]);
    world.handlers['/invitations'] = () => invitations;
    expect(await client.invitations()).toEqual(invitations);
  });

  test('by being removed says so', async () => {
    const { server, client } = await online({ welcome: { groups: [builds()] } });
    const changes = recordChanges(client);
    await server.left('builds', 7324);
    expect(changes).toEqual(['-builds, removed']);
  });

  test.each([
    ['not-a-member', 'left'],
    ['unknown-group', 'lost'],
  ] as const)('%s: its read ends it', async (kind, reason) => {
    const { server, client, clock, world } = await online({ welcome: { groups: [builds()] } });
    world.handlers['/groupInfo'] = () => {
      throw new CimError(kind);
    };
    const changes = recordChanges(client);
    const code = Number(new CimError(kind).code);
    server.take('read');
    await server.pageEnd({ group: 'builds', after: 12, head: 0, code });
    await clock.advance(60_000);
    expect(server.frames.filter(({ group }) => group !== '')).toEqual([]);
    expect(changes).toEqual([`-builds, ${reason}`]);
  });

  test('the refusal of an earlier read does not end the next membership', async () => {
    const { server } = await online({ welcome: { groups: [builds()] } });
    server.take('read');
    await server.left('builds');
    await server.joined('builds', 20);
    expect(server.take('read')).toMatchObject({ after: 20 });
    await server.pageEnd({ group: 'builds', after: 12, head: 0, code: 7302 });
    await server.pageEnd({ group: 'builds', after: 20, head: 20 });
    await server.hint(21, 'builds');
    expect(server.take('read')).toMatchObject({ after: 20 });
  });

  test.each([
    ['not-a-member', 'left'],
    ['removed-from-group', 'removed'],
    ['unknown-group', 'lost'],
    ['internal', 'unknown'],
  ] as const)(
    'while the client was away is told after the login (%s: %s)',
    async (kind, reason) => {
      const { client, server, world } = await online({ welcome: { groups: [builds()] } });
      world.handlers['/groupInfo'] = () => {
        throw new CimError(kind);
      };
      const changes = recordChanges(client);
      await world.clock.advance(1_000);
      await server.end();
      await reconnect(world, { groups: [builds({ group: 'ops' })] });
      await settle();
      expect(changes).toEqual(['+ops', `-builds, ${reason}`]);
    },
  );

  test('with the store that it was in is told as that', async () => {
    const { client, server, world } = await online({
      welcome: { groups: [builds()], storeId: 'one' },
    });
    const changes = recordChanges(client);
    await world.clock.advance(1_000);
    await server.end();
    await reconnect(world, { groups: [], storeId: 'two' });
    await settle();
    expect(changes).toEqual(['-builds, lost']);
  });

  test('is not told to a new device', async () => {
    const world = new World();
    const fresh = world.client();
    const told = recordChanges(fresh);
    await world.ready(fresh, { groups: [builds()] });
    expect(told).toEqual([]);
    await fresh.close();
  });
});

describe('joining and leaving', () => {
  const answer = { ...builds(), owner: 2 };

  test.each(['createGroup', 'joinGroup'] as const)('%s follows the group', async (method) => {
    const { client, server, world } = await online();
    const changes = recordChanges(client);
    world.handlers[`/${method}`] = () => answer;
    await expect(client[method]('builds')).resolves.toEqual(answer);
    const canRead = method === 'joinGroup' && { e2ee: true };
    expect(world.callsTo(`/${method}`)).toEqual([{ userId: 1, group: 'builds', ...canRead }]);
    expect(server.take('read')).toMatchObject({ group: 'builds', after: 10 });
    await server.joined('builds', 10, 14);
    expect(server.frames).toEqual([]);
    expect(changes).toEqual([]);
  });

  test.each(['createGroup', 'joinGroup'] as const)(
    '%s asks once more where a key pair is wanted that may be on its way',
    async (method) => {
      const { client, world } = await online();
      const refusals = [new CimError('no-key')];
      world.handlers[`/${method}`] = () => {
        const refusal = refusals.shift();
        if (refusal) throw refusal;
        return { ...answer, e2ee: true };
      };
      await expect(client[method]('builds')).resolves.toMatchObject(answer);
      refusals.push(new CimError('no-key'), new CimError('no-key', 'it has none'));
      await expect(client[method]('builds')).rejects.toThrow('it has none');
      refusals.push(new CimError('group-exists'));
      await expect(client[method]('builds')).rejects.toThrow(CimError);
      expect(world.callsTo(`/${method}`)).toHaveLength(5);
    },
  );

  test('is no news to whoever asked for it, even if the server is the first to tell', async () => {
    const { client, server, world } = await online();
    const changes = recordChanges(client);
    const joined = Promise.withResolvers<unknown>();
    world.handlers['/joinGroup'] = () => joined.promise;
    const joining = watch(client.joinGroup('builds'));
    await server.joined('builds', 10, 14);
    joined.resolve(answer);
    await settle();
    expect(joining.value).toEqual(answer);
    const left = Promise.withResolvers<unknown>();
    world.handlers['/leaveGroup'] = () => left.promise;
    const leaving = watch(client.leaveGroup('builds'));
    await server.left('builds');
    left.resolve(null);
    await settle();
    expect('value' in leaving).toBe(true);
    expect(changes).toEqual([]);
  });

  test('leaving ends it, a refusal changes nothing', async () => {
    const { client, server, world, texts } = await online({ welcome: { groups: [builds()] } });
    server.take('read');
    await server.pageEnd({ group: 'builds', after: 12, head: 12 });
    world.handlers['/leaveGroup'] = () => {
      throw new CimError('busy');
    };
    await expect(client.leaveGroup('builds')).rejects.toMatchObject({ kind: 'busy' });
    await server.push(13, { group: 'builds', sendSeq: 1 });
    world.handlers['/leaveGroup'] = () => null;
    await client.leaveGroup('builds');
    await server.push(14, { group: 'builds', sendSeq: 2 });
    expect(texts()).toEqual(['text 1']);
  });

  test('leaving one that is not there is refused, unless it was followed', async () => {
    const { client, world } = await online({ welcome: { groups: [builds()] } });
    world.handlers['/leaveGroup'] = () => {
      throw new CimError('unknown-group');
    };
    await expect(client.leaveGroup('nowhere')).rejects.toMatchObject({ kind: 'unknown-group' });
    await client.leaveGroup('builds');
    expect(client.followedGroups).toEqual([]);
  });

  test('after the end begins nothing any more', async () => {
    const { client, world } = await online();
    const joined = Promise.withResolvers<unknown>();
    world.handlers['/joinGroup'] = () => joined.promise;
    const joining = watch(client.joinGroup('builds'));
    await client.close();
    joined.resolve(answer);
    await settle();
    expect(joining.value).toEqual(answer);
    expect(world.clock.timerCount).toBe(0);
  });

  test('while offline is followed at the next login', async () => {
    const { client, server, world } = await online();
    world.handlers['/joinGroup'] = () => answer;
    await world.clock.advance(2_000);
    await server.end();
    await client.joinGroup('builds');
    const next = await reconnect(world, { groups: [builds({ cursor: 10 })] });
    expect(next.take('read')).toMatchObject({ group: 'builds', after: 10 });
  });

  test('a name is one group, whatever its case', async () => {
    const { client, server, world } = await online();
    world.handlers['/joinGroup'] = () => answer;
    await client.joinGroup('Builds');
    expect(world.callsTo('/joinGroup')).toEqual([{ userId: 1, group: 'builds', e2ee: true }]);
    server.take('read');
    watch(client.send({ group: 'BUILDS' }, 'hi'));
    expect(server.take('message')).toMatchObject({ group: 'builds', sendSeq: 1 });
    expect(client.followedGroups).toEqual(['builds']);
  });

  test('a name that none can have asks no route', async () => {
    const { client, world } = await online();
    await expect(client.joinGroup('')).rejects.toMatchObject({ kind: 'invalid-argument' });
    expect(world.callsTo('/joinGroup')).toEqual([]);
  });
});

describe('what is said in a group', () => {
  test('is refused to those outside, for good', async () => {
    const { client, server } = await online();
    const outside = watch(client.send({ group: 'builds' }, 'hi'));
    const nowhere = watch(client.send({ group: 'nowhere' }, 'hi'));
    server.takeTexts();
    await server.ack({ group: 'builds', sendSeq: 1, code: 7302 });
    await server.ack({ group: 'nowhere', sendSeq: 1, code: 7301 });
    expect(outside.error).toMatchObject({ kind: 'not-a-member' });
    expect(nowhere.error).toMatchObject({ kind: 'unknown-group' });
  });

  test('by oneself counts as seen', async () => {
    const { client, server, clock, texts } = await online({
      welcome: { groups: [builds({ cursor: 14 })] },
    });
    server.take('read');
    await server.pageEnd({ group: 'builds', after: 14, head: 14 });
    const sent = watch(client.send({ group: 'builds' }, 'hi'));
    server.take('message');
    await server.ack({ group: 'builds', sendSeq: 1, seq: 15 });
    expect(sent.value).toMatchObject({ id: '1.0101010101010101.#builds.1', seq: 15 });
    await clock.advance(200);
    expect(server.take('ack')).toMatchObject({ group: 'builds', after: 15 });
    expect(texts()).toEqual([]);
  });

  test('waits, with everything else, for an application that is slow: it is read later', async () => {
    const world = new World();
    const client = world.client();
    const taken: (() => void)[] = [];
    client.on('message', () => new Promise<void>((resolve) => taken.push(resolve)));
    const gaps = record(client, 'gap');
    const server = await world.ready(client, { groups: [builds({ cursor: 14 })] });
    server.take('read');
    await server.pageEnd({ group: 'builds', after: 14, head: 14 });
    for (let seq = 1; seq <= limits.clientHeldMessagesMax; seq++) {
      await server.push(seq, { sendSeq: seq });
    }
    await server.push(15, { group: 'builds', sendSeq: 1 });
    await world.clock.advance(1_000);
    expect(server.frames).toEqual([]);
    while (server.frames.length === 0) {
      taken.shift()?.();
      await settle();
    }
    server.take('ack');
    while (server.frames.length === 0) {
      taken.shift()?.();
      await settle();
    }
    expect(gaps).toEqual([]);
  });
});
