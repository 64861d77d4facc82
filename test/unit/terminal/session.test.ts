// The life of `cim client --json` with a client that does what the test says, and a clock that
// stands still.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/client/sdk/index.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { pipeInput } from '../../../src/client/terminal/input/pipe-input.ts';
import { Interrupts } from '../../../src/client/terminal/interrupts.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { runSession } from '../../../src/client/terminal/session.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { groupMembership } from '../../support/group-membership.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

interface Event {
  readonly event: string;
  readonly [key: string]: unknown;
}

function begin({
  stays = false,
  isPatient = false,
  isTransient = false,
  asked = new Promise<void>(() => {}),
} = {}) {
  const client = new FakeMessenger();
  const clock = new VirtualClock();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const interrupts = new Interrupts({
    on: () => {},
    off: () => {},
    stdin: {},
    stdout: {},
    stderr: {},
  });
  const output = new Output(stdout);
  const diagnostics = new PassThrough();
  const noticed = () => String(diagnostics.read() ?? '');
  const view = new JsonView(output, new Output(diagnostics));
  const events: Event[] = [];
  let printed = '';
  const read = () => {
    stdout.on('data', (chunk) => {
      const lines = (printed + chunk).split('\n');
      printed = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line)));
    });
  };
  const code = runSession({
    client,
    view,
    inbox: view,
    clock,
    interrupts,
    stays,
    isPatient,
    isTransient,
    input: pipeInput(stdin),
    broken: output.broken,
    people: new People(),
    recent: new RecentMessages(),
    parse: parseInput,
    asked,
    hasToken: false,
    userId: 1,
    userName: 'bob',
    patienceMs: 10_000,
  });
  const until = (what: string, condition: () => unknown) =>
    waitUntil(what, condition, { timeoutMs: 2_000, pollMs: 1 });
  const told = (...names: string[]) =>
    until(names.join(), () => names.every((name) => events.some(({ event }) => event === name)));
  return {
    client,
    clock,
    view,
    stdin,
    stdout,
    interrupts,
    events,
    noticed,
    read,
    code,
    until,
    told,
  };
}

function talk(options: Parameters<typeof begin>[0] = {}) {
  const session = begin(options);
  session.read();
  return session;
}

const message = {
  id: 'm',
  from: 2,
  fromName: 'amy',
  to: 1,
  text: 'x'.repeat(100_000),
  seq: 1,
  at: 0,
};

const kinds = (events: readonly Event[]) =>
  events.map(({ event, line }) => (line === undefined ? event : `${event} ${line}`));

describe('lines', () => {
  test('are sent one after the other without waiting, and answered by their numbers', async () => {
    const { client, stdin, events, code, until } = talk();
    client.connect();
    stdin.end('one\n\n2;;two\n:nope\nfour');
    await until('all are sent', () => client.sendings.length === 3);
    expect(client.sendings.map(({ target, text }) => [target, text])).toEqual([
      [{ group: 'lobby' }, 'one'],
      [{ to: 2 }, 'two'],
      [{ group: 'lobby' }, 'four'],
    ]);
    client.refuse(2, new CimError('unknown-receiver'));
    client.store(1);
    client.store(3);
    expect(await code).toBe(0);
    expect(kinds(events)).toEqual(['ready', 'error 4', 'error 3', 'sent 1', 'sent 5', 'closed']);
    expect(events).toContainEqual({
      event: 'error',
      line: 3,
      code: 'unknown-receiver',
      message: 'The receiver has no account',
    });
  });

  test('a question is asked when what was sent before it is stored, and before what comes after it is sent', async () => {
    const { client, stdin, events, code, until } = talk();
    client.connect();
    stdin.end('one\n:history\ntwo\n');
    await until('the first is sent', () => client.sendings.length > 0);
    await new Promise(setImmediate);
    expect([client.sendings.length, client.queries.length]).toEqual([1, 0]);
    client.store(1);
    await until('the second is sent', () => client.sendings.length === 2);
    client.store(2);
    await code;
    expect(kinds(events)).toEqual(['ready', 'sent 1', 'result 2', 'sent 3', 'closed']);
  });

  test('a question waits for the first login, but not for ever', async () => {
    const { client, clock, stdin, told } = talk({ isPatient: true });
    stdin.write(':olu\n');
    await clock.advance(9_999);
    expect(client.queries).toEqual([]);
    await clock.advance(1);
    await told('result');
  });

  test('are not read any more while too many are unanswered', async () => {
    const { client, stdin, code, until } = talk();
    client.connect();
    stdin.end(Array.from({ length: 1_500 }, (_, index) => `${index}\n`).join(''));
    await until('as many as may be are sent', () => client.sendings.length >= 1_000);
    await new Promise(setImmediate);
    expect(client.sendings.length).toBe(1_000);
    client.answersAtOnce = true;
    for (let count = 1; count <= 1_000; count += 1) client.store(count);
    expect(await code).toBe(0);
    expect(client.sendings.map(({ text }) => Number(text))).toEqual([...Array(1_500).keys()]);
  });

  test('nor while what is unanswered is too big', async () => {
    const { client, stdin, code, until } = talk();
    client.connect();
    stdin.end(Array.from({ length: 200 }, () => `${'x'.repeat(64 * 1024)}\n`).join(''));
    await until('as much as may be is sent', () => client.sendings.length >= 128);
    await new Promise(setImmediate);
    expect(client.sendings.length).toBe(128);
    for (let count = 1; count <= 128; count += 1) client.store(count);
    await until('the rest is sent', () => client.sendings.length === 200);
    for (let count = 129; count <= 200; count += 1) client.store(count);
    expect(await code).toBe(0);
  });

  test('a keyword is the whole rest of the line', async () => {
    const { client, stdin, code } = talk();
    client.connect();
    stdin.end(':q two words\n');
    await code;
    expect(client.queries).toEqual([{ keyword: 'two words', limit: 100 }]);
  });

  test('who is online is found by any beginning', async () => {
    const { client, stdin, events, code } = talk();
    client.online = [
      { userId: 3, userName: 'Ölaf' },
      { userId: 2, userName: 'amy' },
    ];
    client.connect();
    stdin.end(':olu\n:pu öl\n');
    await code;
    const results = events.filter(({ event }) => event === 'result').map(({ data }) => data);
    expect(results).toEqual([
      [
        { userId: 2, userName: 'amy' },
        { userId: 3, userName: 'Ölaf' },
      ],
      [{ userId: 3, userName: 'Ölaf' }],
    ]);
  });

  test('history goes back page by page, to the beginning and no further', async () => {
    const { client, stdin, events, code } = talk();
    client.past = Array.from({ length: 450 }, (_, index) => ({ ...message, seq: index + 1 }));
    client.hasForgotten = true;
    client.connect();
    stdin.end(':more\n:history 2 210\n:more\n:more\n:more\n');
    await code;
    const [, refusal, ...results] = events;
    expect(refusal).toMatchObject({ event: 'error', line: 1, code: 'invalid-argument' });
    const seqs = results.slice(0, -1).map(({ data, older, expired }) => {
      const messages = data as { seq: number }[];
      return [messages.length, messages[0]?.seq, messages.at(-1)?.seq, older, expired];
    });
    expect(seqs).toEqual([
      [210, 241, 450, true, false],
      [210, 31, 240, true, false],
      [30, 1, 30, false, true],
      [0, undefined, undefined, false, true],
    ]);
    expect(client.queries.map(({ peer, limit, before }) => [peer, limit, before])).toEqual([
      [2, 200, undefined],
      [2, 10, '200'],
      [2, 200, '210'],
      [2, 10, '410'],
      [2, 200, '420'],
    ]);
  });

  test('a search that finds nothing for long says that it can go on', async () => {
    const { client, stdin, events, code } = talk();
    let pages = 0;
    client.history = async () => ({ messages: [], next: `${++pages}`, expired: false });
    client.connect();
    stdin.end(':q needle\n:more\n');
    await code;
    expect(events.slice(1, -1)).toMatchObject([
      { command: ':q', data: [], older: true },
      { command: ':more', data: [], older: true },
    ]);
    expect(pages).toBe(50);
  });

  test('groups are made, entered, listed and left', async () => {
    const { client, stdin, events, code } = talk();
    const amy = { userId: 2, userName: 'amy' };
    client.members.set('ops', [amy]);
    client.connect();
    stdin.end(
      ':create builds --history all\n:join ops\n:groups\n:members ops\n:leave ops\n:members ops\n',
    );
    await code;
    const place = { joined: 3, cursor: 3, head: 5 };
    const ops = groupMembership('ops', { ...place, owner: 2 });
    const builds = groupMembership('builds', { ...place, history: 'all' });
    expect(events.slice(1, -1).map(({ command, data }) => [command, data])).toEqual([
      [':create', builds],
      [':join', ops],
      [':groups', [ops, builds]],
      [':members', [{ userId: 1, userName: 'bob' }, amy]],
      [':leave', { group: 'ops' }],
      [':members', [amy]],
    ]);
  });

  test('what owners and admins change is asked for, and answered with what it is', async () => {
    const { client, stdin, events, code } = talk();
    client.members.set('ops', [{ userId: 2, userName: 'amy' }]);
    client.connect();
    const lines = [
      ...[':group ops', ':title #Ops The ops', ':title ops', ':entry ops invite', ':share ops 5'],
      ...[':admin ops 2', ':unadmin ops 2', ':owner ops 2', ':invite ops 2', ':remove ops 2'],
    ];
    stdin.end(`${lines.join('\n')}\n`);
    await code;
    const ops = groupMembership('ops', { owner: 2, joined: 3, cursor: 3, head: 5 });
    const aboutAmy = { group: 'ops', userId: 2 };
    expect(events.slice(1, -1).map(({ command, data }) => [command, data])).toEqual([
      [':group', ops],
      [':title', { group: 'ops', title: 'The ops' }],
      [':title', { group: 'ops', title: '' }],
      [':entry', { group: 'ops', entry: 'invite' }],
      [':share', { group: 'ops', sharePercent: 5 }],
      ...[':admin', ':unadmin', ':owner', ':invite', ':remove'].map((name) => [name, aboutAmy]),
    ]);
    expect(client.groupCalls).toEqual([
      ['setGroup', 'ops', { title: 'The ops' }],
      ['setGroup', 'ops', { title: '' }],
      ['setGroup', 'ops', { entry: 'invite' }],
      ['setGroup', 'ops', { sharePercent: 5 }],
      ['setGroupAdmin', 'ops', 2, true],
      ['setGroupAdmin', 'ops', 2, false],
      ['handOverGroup', 'ops', 2],
      ['inviteToGroup', 'ops', 2],
      ['removeMember', 'ops', 2],
    ]);
  });

  test('however many are in a group, all are listed', async () => {
    const { client, stdin, events, code } = talk();
    const members = Array.from({ length: 2_500 }, (_, index) => ({
      userId: index + 1,
      userName: `user ${index}`,
    }));
    client.members.set('ops', members);
    client.connect();
    stdin.end(':members ops\n');
    await code;
    expect(events[1]?.['data']).toEqual(members);
  });

  test.each([
    ['not-a-member', 'you are not in #dev: enter it with :join dev'],
    ['unknown-group', 'there is no group #dev: make it with :create dev'],
  ] as const)('%s says what to do', async (kind, message) => {
    const { client, stdin, events, code, until } = talk();
    client.connect();
    stdin.end('#dev;;hi\n');
    await until('it is sent', () => client.sendings.length === 1);
    client.refuse(1, new CimError(kind));
    await code;
    expect(events[1]).toEqual({ event: 'error', line: 1, code: kind, message });
  });

  test.each([
    ['not-a-member', 'you are not in #dev: there is nothing to leave'],
    ['unknown-group', 'there is no group #dev: there is nothing to leave'],
  ] as const)(
    'who leaves and hears %s is not told to make or enter the group',
    async (kind, message) => {
      const { client, stdin, events, code } = talk();
      client.leaveGroup = async () => {
        throw new CimError(kind);
      };
      client.connect();
      stdin.end(':leave dev\n');
      await code;
      expect(events[1]).toEqual({ event: 'error', line: 1, code: kind, message });
    },
  );

  test('so does the answer to a question about a group', async () => {
    const { client, stdin, events, code } = talk();
    client.connect();
    stdin.end(':join dev\n');
    await code;
    const message = 'there is no group #dev: make it with :create dev';
    expect(events[1]).toEqual({ event: 'error', line: 1, code: 'unknown-group', message });
  });

  test('what is delayed is listed as it is due, and taken back by the beginning of its id', async () => {
    const { client, stdin, events, code } = talk();
    const first = { id: 'ab12', to: 2, text: 'first', dueAt: Date.UTC(2026, 0, 31) };
    const second = { id: 'ab34', group: 'dev', text: 'second', dueAt: Date.UTC(2026, 1, 1) };
    client.waiting = [second, first];
    client.connect();
    stdin.end(':delayed\n:cancel ab\n:cancel zz\n:cancel ab1\n:delayed\n');
    await code;
    const waits = [
      { ...first, dueAt: '2026-01-31T00:00:00.000Z' },
      { ...second, dueAt: '2026-02-01T00:00:00.000Z' },
    ];
    expect(events.slice(1, -1)).toMatchObject([
      { event: 'result', data: waits },
      { event: 'error', line: 2, code: 'invalid-argument' },
      { event: 'error', line: 3, code: 'unknown-schedule' },
      { event: 'result', command: ':cancel', data: waits[0] },
      { event: 'result', data: [waits[1]] },
    ]);
  });

  test('a delayed one is answered when it is scheduled', async () => {
    const { client, stdin, events, code } = talk();
    client.connect();
    stdin.end(':delay 2;;wake up 5\n');
    await code;
    expect(client.schedules).toEqual([{ target: { to: 2 }, text: 'wake up', delaySeconds: 5 }]);
    expect(events).toContainEqual({ event: 'sent', line: 1, id: 'schedule1', seq: 0 });
  });
});

describe('messages', () => {
  test('are taken as fast as they are read', async () => {
    const { client, stdin, read, code } = begin();
    client.connect();
    let isTaken = false;
    const taking = client.emit('message', message).then(() => {
      isTaken = true;
    });
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    read();
    await taking;
    stdin.end();
    expect(await code).toBe(0);
  });

  test('are not taken when nobody reads', async () => {
    const { client, stdout, code } = begin();
    client.connect();
    const taking = client.emit('message', message);
    stdout.destroy(new Error('EPIPE'));
    await expect(taking).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await code).toBe(1);
  });
});

describe('the end', () => {
  test('without input, after the first login', async () => {
    const { client, stdin, events, code, until } = talk();
    stdin.end();
    await until('the end of the input is seen', () => stdin.readableEnded);
    client.connect();
    expect(await code).toBe(0);
    expect(kinds(events)).toEqual(['ready', 'closed']);
  });

  test('with --listen only when told to', async () => {
    const { client, stdin, events, interrupts, code, until } = talk({ stays: true });
    client.connect();
    client.answersAtOnce = true;
    stdin.end('one\n');
    await until('the line is answered', () => events.length === 2);
    await new Promise(setImmediate);
    expect(client.state).toBe('ready');
    interrupts.raise();
    expect(await code).toBe(0);
    expect(kinds(events)).toEqual(['ready', 'sent 1', 'closed']);
  });

  test.each([':q', ':q!'])(
    '%s reads no further, and waits for what is not stored',
    async (quit) => {
      const { client, stdin, events, code, until } = talk({ stays: true });
      client.connect();
      stdin.write(`one\n${quit}\ntwo\n`);
      await until('the first is sent', () => client.sendings.length === 1);
      await new Promise(setImmediate);
      expect(client.state).toBe('ready');
      client.store(1);
      expect(await code).toBe(0);
      expect(kinds(events)).toEqual(['ready', 'sent 1', 'closed']);
    },
  );

  test('a second interrupt does not wait', async () => {
    const { client, stdin, events, interrupts, code, until } = talk();
    client.connect();
    stdin.write('one\n');
    await until('it is sent', () => client.sendings.length === 1);
    interrupts.raise();
    await new Promise(setImmediate);
    expect(client.state).toBe('ready');
    interrupts.raise();
    expect(await code).toBe(1);
    expect(events.slice(1)).toEqual([
      { event: 'error', line: 1, code: 'unconfirmed', message: expect.anything() },
      { event: 'closed', reason: 'left without waiting' },
    ]);
  });

  test('a second interrupt before the first login says why there was none', async () => {
    const { client, stdin, events, interrupts, code, until } = talk();
    stdin.write('one\n');
    await until('it is sent', () => client.sendings.length === 1);
    await client.emit('warning', { kind: 'login-failed', message: 'nobody there' });
    interrupts.raise();
    await new Promise(setImmediate);
    interrupts.raise();
    expect(await code).toBe(1);
    const reason = 'left without waiting; could not log in: nobody there';
    expect(events).toEqual([
      { event: 'error', line: 1, code: 'unavailable', message: reason },
      { event: 'closed', reason },
    ]);
  });

  test('a second interrupt does not wait for a route that does not answer either', async () => {
    const { client, clock, stdin, interrupts, code, until } = talk();
    let asked = false;
    client.schedule = () => {
      asked = true;
      return new Promise(() => undefined);
    };
    client.connect();
    stdin.write(':delay later 5\n');
    await until('the route is asked', () => asked);
    interrupts.raise();
    await new Promise(setImmediate);
    interrupts.raise();
    await until('the client is closed', () => client.state === 'closed');
    await clock.advance(1_000);
    expect(await code).toBe(1);
  });

  test('the cluster cannot be reached', async () => {
    const { client, clock, stdin, events, code, noticed } = talk();
    stdin.write('one\n');
    await clock.advance(9_999);
    void client.emit('warning', { kind: 'no-route', message: 'nobody there' });
    await clock.advance(1);
    expect(await code).toBe(69);
    const reason =
      'could not log in: nobody there (cim dev starts a system here, --route names one)';
    expect(events).toEqual([
      { event: 'error', line: 1, code: 'unavailable', message: reason },
      { event: 'closed', reason },
    ]);
    expect(noticed()).toBe('cim: cannot log in yet, trying for 10 s\n');
  });

  test('a cluster that takes nobody for now says why, and not where one could be', async () => {
    const { client, clock, stdin, events, code } = talk();
    stdin.write('one\n');
    await client.emit('warning', { kind: 'login-failed', message: 'Redis cannot be reached' });
    await clock.advance(10_000);
    expect(await code).toBe(69);
    const reason = 'could not log in: Redis cannot be reached';
    expect(events.at(-1)).toEqual({ event: 'closed', reason });
  });

  test('lines that were not taken before the end are not taken after it', async () => {
    const { client, stdin, events, code, until } = talk();
    stdin.write(Array.from({ length: 3_000 }, (_, index) => `${index}\n`).join(''));
    await until('as many as may be are sent', () => client.sendings.length === 1_000);
    client.end({ reason: 'expired', code: '9301', error: new CimError('wrong-name') });
    expect(await code).toBe(77);
    await new Promise(setImmediate);
    expect(client.sendings).toHaveLength(1_000);
    expect(events).toHaveLength(1_001);
    expect(events.at(-1)).toEqual({ event: 'closed', reason: 'expired' });
  });

  test('who goes on trying is told why the login does not work, once', async () => {
    const { client, interrupts, code, noticed } = talk({ isPatient: true });
    for (let attempt = 0; attempt < 3; attempt++)
      await client.emit('warning', { kind: 'login-failed', message: 'nobody there' });
    interrupts.raise();
    await code;
    expect(noticed()).toBe('cim: cannot log in yet (nobody there), trying again\n');
  });

  test('who has been logged in is told why it does not work again', async () => {
    const { client, clock, interrupts, code, noticed } = talk();
    client.connect();
    await clock.advance(0);
    client.disconnect();
    await client.emit('warning', { kind: 'login-failed', message: 'nobody there' });
    interrupts.raise();
    await code;
    expect(noticed()).toBe('cim: cannot log in yet (nobody there), trying again\n');
  });

  test('the cluster cannot be reached, with --transient', async () => {
    const { client, clock, stdin, events, code, until } = talk({ isTransient: true });
    stdin.end('one\n');
    await until('the input is read', () => stdin.readableEnded);
    await clock.advance(10_000);
    expect(await code).toBe(69);
    expect(kinds(events)).toEqual(['error 1', 'closed']);
    expect(events[0]).toMatchObject({ code: 'unavailable' });
    expect(client.transients).toEqual([]);
  });

  test('a person or a listener goes on trying', async () => {
    const { client, clock, stdin, code } = talk({ isPatient: true });
    await clock.advance(3600_000);
    client.connect();
    stdin.end();
    expect(await code).toBe(0);
  });

  test('a connection that is lost later is waited for, until there is nothing else to do', async () => {
    const { client, clock, stdin, events, code, until } = talk();
    client.connect();
    client.disconnect();
    await clock.advance(3600_000);
    stdin.end('one\ntwo\n');
    await until('they are sent', () => client.sendings.length === 2);
    await clock.advance(29_999);
    expect(client.state).toBe('reconnecting');
    client.store(1);
    await clock.advance(29_999);
    expect(client.state).toBe('reconnecting');
    await clock.advance(1);
    expect(await code).toBe(69);
    expect(kinds(events)).toEqual(['ready', 'offline', 'sent 1', 'error 2', 'closed']);
    expect(events.at(-1)).toEqual({ event: 'closed', reason: 'no answer for 30 s' });
    expect(clock.timerCount).toBe(0);
  });

  test.each([
    ['not-allowed', 'not-allowed', 77],
    ['5100', 'name-taken', 77],
    ['kicked', 'not-allowed', 1],
    ['4000', 'internal', 1],
  ] as const)('closed by the cluster: %s', async (closeCode, kind, exitCode) => {
    const { client, stdin, events, code, until } = talk({ stays: true });
    client.connect();
    stdin.write('one\n');
    await until('it is sent', () => client.sendings.length === 1);
    client.end({ reason: 'go', code: closeCode, error: new CimError(kind) });
    expect(await code).toBe(exitCode);
    expect(kinds(events)).toEqual(['ready', 'error 1', 'closed']);
    expect(events[2]).toEqual({ event: 'closed', reason: 'go' });
  });

  test('refused at the first login, with no input left', async () => {
    const { client, stdin, events, code, until } = talk();
    stdin.end();
    await until('the end of the input is seen', () => stdin.readableEnded);
    client.end({ reason: 'another name', code: '5100', error: new CimError('name-taken') });
    expect(await code).toBe(77);
    expect(kinds(events)).toEqual(['closed']);
  });

  test('who is asked for the secret may take their time', async () => {
    const asked = Promise.withResolvers<void>();
    const { client, clock, stdin, events, code } = talk({ asked: asked.promise });
    stdin.end();
    asked.resolve();
    await clock.advance(60_000);
    expect(events).toEqual([]);
    client.connect();
    expect(await code).toBe(0);
  });

  test('that takes long is worth a word, and leaves no timer behind', async () => {
    const { client, clock, view, stdin, code, until } = talk();
    const told: number[] = [];
    view.leaving = (count?: number) => void told.push(count ?? 0);
    client.connect();
    stdin.end(':olu\none\ntwo\n');
    await until('they are sent', () => client.sendings.length === 2);
    await clock.advance(499);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([2]);
    client.store(1);
    client.store(2);
    await code;
    expect(clock.timerCount).toBe(0);
  });

  test('that is quick is not', async () => {
    const { client, clock, stdin, code, until } = talk();
    client.connect();
    stdin.end('one\n');
    await until('it is sent', () => client.sendings.length === 1);
    client.store(1);
    await code;
    expect(clock.timerCount).toBe(0);
  });
});
