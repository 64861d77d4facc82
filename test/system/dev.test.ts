/**
 * `cim dev` and the client as people and scripts use them: every input of the terminal, JSON lines,
 * one-shot sends, restarts.
 */
import { execFile } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { Client, executable, type Role, startDevelopment, startRole } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);

const data = temporaryFolder('data');
let dev: Role;
let routes: string[];
let userIds = 0;

beforeAll(async () => {
  dev = await startDevelopment(['--data', data]);
  routes = [`http://${dev.addresses['route']}`];
});

function person(name: string, state?: string, args: readonly string[] = []): Promise<Client> {
  userIds += 1;
  return Client.ready({
    userId: userIds,
    name: `${name}-${userIds}`,
    routes,
    args,
    ...(state === undefined ? {} : { state }),
  });
}

/** Runs `cim <args>` to its end. */
async function cim(
  args: readonly string[],
  input?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const running = run(executable, [...args], { timeout: 100_000, killSignal: 'SIGKILL' });
  running.child.stdin?.end(input);
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

interface Shown {
  readonly text: string;
  readonly from: number;
}

describe('the client', () => {
  test('events have the fields and order that docs/reference/client-json.md promises', async () => {
    // Whether it would be encrypted depends on whether bob's key is there already.
    const clear = ['--e2ee', 'off'];
    const amy = await person('amy', undefined, clear);
    const bob = await person('bob', undefined, clear);
    amy.say(`${bob.userId};;hi;;there`);
    const shown = await bob.whenText('hi;;there');
    expect(Object.keys(shown)).toEqual([
      'event',
      'id',
      'from',
      'fromName',
      'to',
      'text',
      'seq',
      'at',
    ]);
    expect(shown).toMatchObject({ from: amy.userId, fromName: amy.name, to: bob.userId, seq: 1 });
    expect(shown['at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await amy.whenEvent('is told', ({ event }) => event === 'sent')).toEqual({
      event: 'sent',
      line: 1,
      id: shown['id'],
      seq: 1,
    });
    expect(Object.keys(amy.events[0] ?? {})).toEqual([
      'event',
      'userId',
      'userName',
      'device',
      'server',
    ]);
    bob.say('to all');
    expect(Object.keys(await amy.whenText('to all'))).toEqual([
      'event',
      'id',
      'from',
      'fromName',
      'group',
      'text',
      'seq',
      'at',
    ]);
    expect(await Promise.all([amy.quit(), bob.quit()])).toEqual([0, 0]);
  });

  test('messages to somebody away arrive at the next login, in order, once', async () => {
    const state = temporaryFolder('bob');
    const [amy, bob] = [await person('amy'), await person('bob', state)];
    await bob.quit();
    const texts = Array.from({ length: 300 }, (_, index) => `while away ${index}`);
    for (const text of texts) amy.say(`${bob.userId};;${text}`);
    await amy.whenSent(texts.length);
    const identity = { userId: bob.userId, name: bob.name, routes, state };
    const back = await Client.ready(identity);
    await back.whenText(texts.at(-1) as string);
    expect(back.texts).toEqual(texts);
    await back.quit();
    const again = await Client.ready(identity);
    amy.say(`${bob.userId};;new`);
    await again.whenText('new');
    expect(again.texts).toEqual(['new']);
  });

  test('wrong lines get one helpful error each, and change nothing', async () => {
    const amy = await person('amy');
    const wrong = [':nonsense', '99999;;nobody', ':delay soon', ':history 5 x'];
    for (const line of wrong) amy.say(line);
    await waitUntil(
      'an error for each',
      () => amy.events.filter(({ event }) => event === 'error').length === wrong.length,
    );
    const errors = amy.events.filter(({ event }) => event === 'error');
    expect(errors.map(({ line }) => line).sort()).toEqual([1, 2, 3, 4]);
    expect(errors.find(({ line }) => line === 2)).toMatchObject({ code: 'unknown-receiver' });
    for (const { message } of errors) expect(String(message).length).toBeGreaterThan(10);
    amy.say(`${amy.userId};;still here`);
    await amy.whenSent(1);
  });

  test('commands: :olu, :pu, :info, :q, :history, ::', async () => {
    const [amy, bob] = [await person('amy'), await person('bob')];
    const users = (await amy.ask(':olu')) as { userId: number; userName: string }[];
    expect(users).toContainEqual({ userId: bob.userId, userName: bob.name });
    expect(await amy.ask(`:pu ${bob.name.slice(0, 5)}`)).toContainEqual({
      userId: bob.userId,
      userName: bob.name,
    });
    expect(JSON.stringify(await amy.ask(':info'))).toContain(amy.name);
    amy.say(`${bob.userId};;a Needle in the hay`);
    amy.say(`${bob.userId};;just hay`);
    amy.say('::q is how one leaves');
    await amy.whenSent(3);
    await bob.whenText(':q is how one leaves');
    expect(((await bob.ask(':q needle')) as Shown[]).map(({ text }) => text)).toEqual([
      'a Needle in the hay',
    ]);
    const history = (await bob.ask(`:history ${amy.userId} 2`)) as Shown[];
    expect(history.map(({ text, from }) => [text, from])).toEqual([
      ['a Needle in the hay', amy.userId],
      ['just hay', amy.userId],
    ]);
  });

  test('a delayed message is sent though its sender has left', async () => {
    const [amy, bob] = [await person('amy'), await person('bob')];
    amy.say(`:delay ${bob.userId};;later 1`);
    await amy.whenSent(1);
    expect(await amy.quit()).toBe(0);
    expect(bob.texts).toEqual([]);
    expect(await bob.whenText('later')).toMatchObject({ from: amy.userId });
  });

  test('what is delayed is listed, and taken back by the beginning of its id', async () => {
    const [amy, bob] = [await person('amy'), await person('bob')];
    const second = await Client.ready({ userId: amy.userId, name: amy.name, routes });
    amy.say(`:delay ${bob.userId};;never 600`);
    amy.say(`:delay ${bob.userId};;soon 2`);
    await amy.whenSent(2);
    const [soon, never] = (await second.ask(':delayed')) as { id: string; text: string }[];
    expect([soon, never]).toMatchObject([
      { to: bob.userId, text: 'soon' },
      { to: bob.userId, text: 'never' },
    ]);
    const beginning = never?.id.slice(0, 8);
    expect(await second.ask(`:cancel ${beginning}`)).toEqual(never);
    amy.say(`:cancel ${beginning}`);
    await amy.whenEvent('is refused', ({ code }) => code === 'unknown-schedule');
    await bob.whenText('soon');
    expect(await amy.ask(':delayed')).toEqual([]);
    expect(bob.texts).toEqual(['soon']);
  });

  test('piped lines are all sent before it ends, the one without a line end too', async () => {
    const bob = await person('bob');
    const lines = Array.from({ length: 2_000 }, (_, index) => `${bob.userId};;piped ${index}`).join(
      '\n',
    );
    userIds += 1;
    const client = [
      'client',
      '--user-id',
      String(userIds),
      '--name',
      `piper-${userIds}`,
      '--state',
      temporaryFolder('piper'),
    ];
    const { code, stdout } = await cim(
      [...client, '--route', routes[0] as string, '--json'],
      lines,
    );
    expect(code).toBe(0);
    const sent = stdout.split('\n').filter((line) => line.includes('"event":"sent"'));
    expect(sent).toHaveLength(2_000);
    await bob.whenText('piped 1999');
    expect(bob.texts).toEqual(Array.from({ length: 2_000 }, (_, index) => `piped ${index}`));
  });

  test('two at the same account: each gets everything, also what the other sent', async () => {
    const amy = await person('amy');
    const second = await Client.ready({ userId: amy.userId, name: amy.name, routes });
    const bob = await person('bob');
    bob.say(`${amy.userId};;to both`);
    await Promise.all([amy.whenText('to both'), second.whenText('to both')]);
    amy.say(`${bob.userId};;from the first`);
    await second.whenText('from the first');
    expect(amy.texts).toEqual(['to both']);
  });

  test('a group: made, entered, written to, caught up with after being away, and left', async () => {
    const state = temporaryFolder('bob');
    const [amy, bob] = [await person('amy'), await person('bob', state)];
    expect(await amy.ask(':create Builds')).toEqual({
      group: 'builds',
      title: 'builds',
      owner: amy.userId,
      admins: [],
      entry: 'open',
      history: 'joined',
      sharePercent: null,
      version: 1,
      e2ee: false,
      keyEpoch: 0,
      joined: 0,
      cursor: 0,
      head: 0,
    });
    amy.say('#builds;;nobody else is here');
    bob.say('#builds;;let me in');
    await bob.whenEvent('is refused', ({ event }) => event === 'error');
    expect(bob.events.at(-1)).toMatchObject({ line: 1, code: 'not-a-member' });
    await amy.whenSent(1);
    await bob.ask(':join builds');
    expect(await bob.ask(':groups')).toMatchObject([{ group: 'builds', owner: amy.userId }]);
    expect(await bob.ask(':members builds')).toEqual(
      [amy, bob].map(({ userId, name }) => ({ userId, userName: name })),
    );
    amy.say('#builds;;it is green');
    expect(await bob.whenText('it is green')).toMatchObject({ group: 'builds', from: amy.userId });
    await bob.quit();
    amy.say('#builds;;it is red');
    amy.say('#builds;;and green again');
    await amy.whenSent(4);
    const back = await Client.ready({ userId: bob.userId, name: bob.name, routes, state });
    await back.whenText('and green again');
    expect(back.texts).toEqual(['it is red', 'and green again']);
    expect(await back.ask(':leave builds')).toEqual({ group: 'builds' });
    expect(await back.ask(':groups')).toEqual([]);
    back.say('#nowhere;;hi');
    await back.whenEvent('is refused', ({ code }) => code === 'unknown-group');
  });

  test('history goes back page by page, to the beginning', async () => {
    const amy = await person('amy');
    const texts = Array.from({ length: 250 }, (_, index) => `note ${index}`);
    for (const text of texts) amy.say(`${amy.userId};;${text}`);
    await amy.whenSent(texts.length);
    const textsOf = (data: unknown) => (data as Shown[]).map(({ text }) => text);
    expect(textsOf(await amy.ask(`:history ${amy.userId} 210`))).toEqual(texts.slice(40));
    expect(amy.events.at(-1)).toMatchObject({ older: true, expired: false });
    expect(textsOf(await amy.ask(':more'))).toEqual(texts.slice(0, 40));
    expect(amy.events.at(-1)).toMatchObject({ older: false, expired: false });
  });

  test('what is transient comes to whoever is there, and is nowhere afterwards', async () => {
    const bob = await person('bob');
    const amy = await Client.ready({
      userId: ++userIds,
      name: `amy-${userIds}`,
      routes,
      args: ['--transient'],
    });
    amy.say(`${bob.userId};;21.5 degrees`);
    const shown = await bob.whenText('21.5 degrees');
    expect(shown).toMatchObject({ from: amy.userId, seq: 0, transient: true });
    expect(await amy.whenEvent('is told', ({ event }) => event === 'sent')).toEqual({
      event: 'sent',
      line: 1,
      id: shown['id'],
      seq: 0,
      encrypted: true,
    });
    expect(await bob.ask(`:history ${amy.userId}`)).toEqual([]);
  });

  test('somebody else’s id or name is refused with 77', async () => {
    const amy = await person('amy');
    const identities = [
      [amy.userId, 'impostor'],
      [98_765, amy.name],
    ] as const;
    for (const [userId, name] of identities) {
      const args = [
        'client',
        '--user-id',
        String(userId),
        '--name',
        name,
        '--route',
        routes[0] as string,
        '--state',
        temporaryFolder('impostor'),
      ];
      const { code, stderr, stdout } = await cim(args, '');
      expect(code).toBe(77);
      expect(`${stdout}${stderr}`).toMatch(/name|account/);
    }
  });
});

describe('cim send', () => {
  test('sends its argument, or its input line by line, and ends when all is stored', async () => {
    const bob = await person('bob');
    userIds += 1;
    const identity = [
      '--user-id',
      String(userIds),
      '--name',
      `script-${userIds}`,
      '--route',
      routes[0] as string,
      '--state',
      temporaryFolder('send'),
    ];
    expect(
      await cim(['send', ...identity, '--to', String(bob.userId), 'the build is green']),
    ).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(
      (await cim(['send', ...identity, '--to', String(bob.userId)], 'line one\nline two\n')).code,
    ).toBe(0);
    await bob.whenText('line two');
    expect(bob.texts).toEqual(['the build is green', 'line one', 'line two']);
    const refused = await cim(['send', ...identity, '--to', '424242', 'hello?']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/account/);
  });

  test('--transient: what was written has left when it ends', async () => {
    const bob = await person('bob');
    userIds += 1;
    const identity = ['--user-id', String(userIds), '--name', `sensor-${userIds}`];
    const place = ['--route', routes[0] as string, '--state', temporaryFolder('send')];
    const readings = Array.from({ length: 100 }, (_, index) => `reading ${index}`);
    const { code, stdout, stderr } = await cim(
      ['send', ...identity, ...place, '--to', String(bob.userId), '--transient', '--json'],
      readings.join('\n'),
    );
    expect([code, stderr, stdout.trim().split('\n').length]).toEqual([0, '', 100]);
    await bob.whenText('reading 99');
    expect(bob.texts).toEqual(readings);
  });

  test('without a route says which it tried, and ends with 69', async () => {
    const identity = ['--user-id', '1', '--name', 'x', '--state', temporaryFolder('send')];
    const { code, stderr } = await cim([
      'send',
      ...identity,
      '--route',
      'http://127.0.0.1:1',
      '--to',
      '2',
      'x',
    ]);
    expect(code).toBe(69);
    expect(stderr).toContain('127.0.0.1:1');
  });
});

describe('cim admin', () => {
  test('lists servers and people, and ends sessions', async () => {
    const amy = await person('amy');
    // By the secret that cim dev keeps there: nobody has to be told it.
    const route = ['--route', routes[0] as string, '--data', data];
    expect((await cim(['admin', 'servers', ...route])).stdout).toContain(
      dev.addresses['tcp']?.split(':')[1],
    );
    expect((await cim(['admin', 'online', ...route])).stdout).toContain(amy.name);
    expect((await cim(['admin', 'kick', String(amy.userId), ...route])).code).toBe(0);
    await amy.whenEvent('is told', ({ event }) => event === 'closed');
    await amy.process.exited;
  });

  test('is for those who may read the data folder: exit 77 for others', async () => {
    const elsewhere = ['--route', routes[0] as string, '--data', temporaryFolder('other')];
    const { code, stderr } = await cim(['admin', 'servers', ...elsewhere]);
    expect([code, stderr]).toEqual([
      77,
      expect.stringContaining('wants the cluster secret: give it (--cluster-secret-file FILE)'),
    ]);
    expect(statSync(join(data, 'cluster-secret')).mode & 0o777).toBe(0o600);
  });

  test('gives an account another secret: the old one, and all who came with it, are out', async () => {
    const amy = await person('amy');
    const admin = ['--route', routes[0] as string, '--data', data, '--json'];
    const reset = await cim(['admin', 'reset-secret', String(amy.userId), ...admin]);
    expect(reset.code).toBe(0);
    const { secret } = JSON.parse(reset.stdout) as { secret: string };
    await amy.whenEvent('is told', ({ event }) => event === 'closed');
    const identity = { userId: amy.userId, name: amy.name, routes };
    expect(await Client.start(identity).process.exited).toBe(77);
    await (await Client.ready({ ...identity, secret })).quit();
  });

  test('makes a key with which an application sends as anybody, until it is revoked', async () => {
    const [amy, bob] = [await person('amy'), await person('bob')];
    const admin = ['--route', routes[0] as string, '--data', data, '--json'];
    const options = ['--label', 'shop', '--scope', 'push'];
    const created = await cim(['admin', 'key', 'create', ...options, ...admin]);
    const { id, key } = JSON.parse(created.stdout) as { id: string; key: string };
    const push = (msg: string) =>
      fetch(`${routes[0]}/p2pRoute`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ userId: bob.userId, receiveUserId: amy.userId, msg }),
      });
    expect((await push('your parcel is there')).status).toBe(200);
    expect(await amy.whenText('your parcel is there')).toMatchObject({ from: bob.userId });
    const listed = await cim(['admin', 'key', 'list', ...admin]);
    expect(listed.stdout).toContain(`{"id":"${id}","label":"shop","scope":"push"`);
    expect(listed.stdout).not.toContain(key);
    expect((await cim(['admin', 'key', 'revoke', id, ...admin])).code).toBe(0);
    expect((await push('and gone')).status).toBe(401);
  });
});

describe('a backup', () => {
  test('of what runs is put back elsewhere, or in its place when it has stopped', async () => {
    const [data, other] = [temporaryFolder('data'), temporaryFolder('other')];
    const file = join(temporaryFolder('backup'), 'monday.sqlite');
    const first = await startDevelopment(['--data', data]);
    const route = `http://${first.addresses['route']}`;
    const identity = { userId: 1, name: 'amy', state: temporaryFolder('amy') };
    const amy = await Client.ready({ ...identity, routes: [route] });
    const bob = await Client.ready({ userId: 2, name: 'bob', routes: [route] });
    bob.say('1;;before the backup');
    await amy.whenText('before the backup');
    expect(await cim(['admin', 'backup', file, '--route', route, '--data', data])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(file),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await cim(['admin', 'backup', file, '--route', route, '--data', data]);
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('exists already: choose another name'),
    ]);
    bob.say('1;;after the backup');
    await amy.whenText('after the backup');

    const refused = await cim(['admin', 'restore', file, '--data', data]);
    expect([refused.code, refused.stderr]).toEqual([69, expect.stringContaining('is in use')]);
    await amy.quit();
    await first.process.stop();
    for (const folder of [data, other]) {
      const restored = await cim(['admin', 'restore', file, '--data', folder, '--json']);
      expect(JSON.parse(restored.stdout)).toMatchObject({ storeId: expect.any(String) });
    }
    const second = await startDevelopment(['--data', data]);
    const back = await Client.ready({
      ...identity,
      routes: [`http://${second.addresses['route']}`],
    });
    const history = JSON.stringify(await back.ask(':history'));
    expect(history).toContain('before the backup');
    expect(history).not.toContain('after the backup');
    expect(back.events.some(({ event }) => event === 'rewound')).toBe(false);
  });
});

describe('a data folder that is removed', () => {
  test('has nothing acknowledged any more', async () => {
    const data = temporaryFolder('data');
    const { process: dev, addresses } = await startDevelopment(['--data', data]);
    const route = `http://${addresses['route']}`;
    const amy = await Client.ready({ userId: 1, name: 'amy', routes: [route] });
    amy.say('kept');
    await amy.whenSent(1);
    rmSync(data, { recursive: true });
    // It looks 100 times a second at most: what comes within that time is acknowledged.
    await waitUntil('it says so', async () => {
      const answer = await fetch(`${route}/readyz?strict`);
      return answer.status === 503 && (await answer.text()).includes('removed or replaced');
    });
    amy.say('not kept');
    await amy.whenEvent('is told that it waits', ({ event }) => event === 'waiting');
    expect(amy.events.filter(({ event }) => event === 'sent')).toHaveLength(1);
    await dev.stop();
  });
});

describe('a restart', () => {
  test('kill -9 loses nothing that was acknowledged, and people resume by themselves', async () => {
    const data = temporaryFolder('data');
    // Not what port 0 gives: the kernel may give that to somebody's connection before the restart.
    const [port, routePort] = [await freePort(), await freePort()];
    const ports = ['--port', `${port}`, '--http-port', '0', '--route-port', `${routePort}`];
    const first = await startRole('dev', ['--data', data, ...ports]);
    const route = `http://${first.addresses['route']}`;
    const [amy, bob] = [
      await Client.ready({ userId: 1, name: 'amy', routes: [route] }),
      await Client.ready({ userId: 2, name: 'bob', routes: [route] }),
    ];
    for (let index = 0; index < 500; index++) amy.say(`2;;numbered ${index}`);
    await amy.whenSent(100);
    await first.process.kill();
    await startRole('dev', ['--data', data, ...ports]);
    await amy.whenSent(500);
    await bob.whenText('numbered 499');
    expect(bob.texts).toEqual(Array.from({ length: 500 }, (_, index) => `numbered ${index}`));
  });

  test('a second process on the same data is told whose they are', async () => {
    const data = temporaryFolder('data');
    await startDevelopment(['--data', data]);
    const second = await cim([
      'dev',
      '--data',
      data,
      '--port',
      '0',
      '--http-port',
      '0',
      '--route-port',
      '0',
    ]);
    expect(second.code).toBe(69);
    expect(second.stderr).toContain(data);
  });
});
