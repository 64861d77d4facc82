// What scripts get, to the byte, and what people see.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../../src/client/sdk/index.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import type { Result } from '../../../src/client/terminal/view/view.ts';
import { groupMembership } from '../../support/group-membership.ts';
import { nastyTexts, unsafePattern } from '../../support/nasty-text.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const at = new Date(2026, 0, 31, 10, 5).getTime();
const iso = new Date(at).toISOString();
const line = (number: number, text: string) => ({ number, text });
const ready = { userId: 1, userName: 'bob', device: 'd1', server: '127.0.0.1:9000' };
const privateMessage: Message = {
  id: '2.e.1.1',
  from: 2,
  fromName: 'amy',
  to: 1,
  text: 'hi :smile:',
  seq: 7,
  at,
};
const groupMessage: Message = {
  id: '2.e.#lobby.1',
  from: 2,
  fromName: 'amy',
  group: 'lobby',
  text: 'all',
  seq: 3,
  at,
};

const newest = { isMore: false, older: false, expired: false };
const place = { owner: 2, joined: 3, cursor: 3, head: 5 };
const membership = groupMembership('dev', place);
const teamFacts = {
  ...{ group: 'dev', title: 'The team', owner: 2, admins: [3, 1], entry: 'invite' as const },
  sharePercent: 20,
  e2ee: false,
};
const ofTeam = { ...membership, title: 'The team', admins: [3, 1], sharePercent: 20 };

function capture(): { output: Output; text: () => string } {
  const stream = new PassThrough();
  return { output: new Output(stream), text: () => String(stream.read() ?? '') };
}

describe('json', () => {
  async function printed(show: (view: JsonView) => unknown): Promise<string> {
    const { output, text } = capture();
    await show(new JsonView(output, capture().output));
    return text();
  }

  test.each<[string, (view: JsonView) => unknown, string]>([
    [
      'ready',
      (view) => view.ready(ready),
      '{"event":"ready","userId":1,"userName":"bob","device":"d1","server":"127.0.0.1:9000"}',
    ],
    [
      'a private message',
      (view) => view.message(privateMessage),
      `{"event":"message","id":"2.e.1.1","from":2,"fromName":"amy","to":1,"text":"hi :smile:","seq":7,"at":"${iso}"}`,
    ],
    [
      'a group message',
      (view) => view.message(groupMessage),
      `{"event":"message","id":"2.e.#lobby.1","from":2,"fromName":"amy","group":"lobby","text":"all","seq":3,"at":"${iso}"}`,
    ],
    ['somebody who types', (view) => view.typing({ from: 2 }), '{"event":"typing","from":2}'],
    [
      'and no longer, in a group',
      (view) => view.typing({ from: 2, group: 'cooks', ended: true }),
      '{"event":"typing","from":2,"group":"cooks","ended":true}',
    ],
    [
      'somebody who comes',
      (view) => view.presence({ userId: 2, online: true }),
      '{"event":"presence","userId":2,"online":true}',
    ],
    [
      'somebody who goes',
      (view) => view.presence({ userId: 2, online: false, lastSeen: 0 }),
      '{"event":"presence","userId":2,"online":false,"lastSeen":"1970-01-01T00:00:00.000Z"}',
    ],
    [
      'sent',
      (view) => view.sent(line(3, 'x'), { target: { to: 2 }, text: 'x' }, { id: 'i', seq: 8 }),
      '{"event":"sent","line":3,"id":"i","seq":8}',
    ],
    [
      'scheduled',
      (view) => view.scheduled(line(3, 'x'), { target: { to: 2 }, text: 'x' }, 5, 'i'),
      '{"event":"sent","line":3,"id":"i","seq":0}',
    ],
    [
      'an error',
      (view) => view.refused(line(4, 'x'), 'bad-command', 'no'),
      '{"event":"error","line":4,"code":"bad-command","message":"no"}',
    ],
    [
      'who is online',
      (view) =>
        view.result(line(5, ':olu'), {
          kind: 'online',
          users: [{ userId: 2, userName: 'amy' }],
          prefix: '',
        }),
      '{"event":"result","line":5,"command":":olu","data":[{"userId":2,"userName":"amy"}]}',
    ],
    [
      'history',
      (view) =>
        view.result(line(6, ':q hi there'), {
          kind: 'history',
          messages: [groupMessage],
          ...newest,
          older: true,
        }),
      `{"event":"result","line":6,"command":":q","data":[{"event":"message","id":"2.e.#lobby.1","from":2,"fromName":"amy","group":"lobby","text":"all","seq":3,"at":"${iso}"}],"older":true,"expired":false}`,
    ],
    [
      'a transient message',
      (view) => view.message({ ...privateMessage, seq: 0, transient: true }),
      `{"event":"message","id":"2.e.1.1","from":2,"fromName":"amy","to":1,"text":"hi :smile:","seq":0,"at":"${iso}","transient":true}`,
    ],
    [
      'the secret',
      (view) => view.result(line(7, ':secret show'), { kind: 'secret', secret: 'cim_x' }),
      '{"event":"result","line":7,"command":":secret","data":{"secret":"cim_x"}}',
    ],
    [
      'no secret',
      (view) => view.result(line(7, ':secret show'), { kind: 'secret', secret: undefined }),
      '{"event":"result","line":7,"command":":secret","data":{"secret":null}}',
    ],
    [
      'a new secret, which is not told',
      (view) => view.result(line(8, ':secret rotate'), { kind: 'rotated' }),
      '{"event":"result","line":8,"command":":secret","data":{"rotated":true}}',
    ],
    ['a group joined', (view) => view.joined({ group: 'dev' }), '{"event":"joined","group":"dev"}'],
    [
      'a group left',
      (view) => view.left({ group: 'dev', reason: 'removed' }),
      '{"event":"left","group":"dev","reason":"removed"}',
    ],
    [
      'a group that has changed',
      (view) => view.groupChanged(teamFacts),
      '{"event":"groupChanged","group":"dev","title":"The team","owner":2,"admins":[3,1],"entry":"invite","sharePercent":20,"e2ee":false}',
    ],
    [
      'an invitation',
      (view) => view.invited({ group: 'dev', by: 2 }),
      '{"event":"invited","group":"dev","by":2}',
    ],
    [
      'a change of who is in an encrypted group',
      (view) => view.groupNews({ group: 'dev', kind: 'removed', userId: 3, by: 2, at }),
      `{"event":"groupNews","group":"dev","kind":"removed","userId":3,"by":2,"at":"${iso}"}`,
    ],
    [
      'who is in an encrypted group',
      (view) => view.groupMembers({ group: 'dev', members: [1, 3] }),
      '{"event":"groupMembers","group":"dev","members":[1,3]}',
    ],
    [
      'who is in another encrypted group of a name',
      (view) => view.groupMembers({ group: 'dev', members: [1], isAnother: true }),
      '{"event":"groupMembers","group":"dev","members":[1],"another":true}',
    ],
    ['offline', (view) => view.offline('cut'), '{"event":"offline","reason":"cut"}'],
    ['closed', (view) => view.closed('left'), '{"event":"closed","reason":"left"}'],
  ])('%s', async (_name, show, expected) => {
    expect(await printed(show)).toBe(`${expected}\n`);
  });

  test('a line is a line, whatever is in the text', async () => {
    const text = 'a\nb\u2028c\u001b[2J"';
    const shown = await printed((view) => view.message({ ...groupMessage, text }));
    expect(shown.indexOf('\n')).toBe(shown.length - 1);
    expect(JSON.parse(shown)).toHaveProperty('text', text);
  });

  test('in place of a message that cannot be read there is an event', async () => {
    const events = capture();
    const view = new JsonView(events.output, capture().output);
    view.unreadable({ seq: 7, count: 1 });
    view.unreadable({ group: 'lobby', seq: 8, count: 2 });
    expect(events.text()).toBe(
      '{"event":"unreadable","seq":7,"count":1}\n{"event":"unreadable","group":"lobby","seq":8,"count":2}\n',
    );
  });

  test('of messages that are not kept any more there is an event', () => {
    const [events, diagnostics] = [capture(), capture()];
    const view = new JsonView(events.output, diagnostics.output);
    view.gap({ first: 1, last: 5 });
    view.gap({ group: 'builds', first: 7, last: 7 });
    expect(events.text()).toBe(
      '{"event":"gap","first":1,"last":5}\n{"event":"gap","group":"builds","first":7,"last":7}\n',
    );
    expect(diagnostics.text()).toBe('');
  });

  test('what has no event goes elsewhere', async () => {
    const events = capture();
    const diagnostics = capture();
    const view = new JsonView(events.output, diagnostics.output);
    view.notice('something');
    view.quitting();
    view.leaving();
    expect(events.text()).toBe('');
    expect(diagnostics.text()).toBe('cim: something\n');
  });
});

describe('people', () => {
  function open() {
    const { output, text } = capture();
    const people = new People();
    people.learn(2, 'amy');
    const view = new HumanView({
      screen: new PlainScreen(output),
      recent: new RecentMessages(),
      people,
      userId: 1,
      clock: new VirtualClock(at),
      client: new FakeMessenger(),
    });
    return { view, text };
  }

  async function seen(show: (view: HumanView) => unknown): Promise<string[]> {
    const { view, text } = open();
    await show(view);
    return text().split('\n').slice(0, -1);
  }

  test.each<[string, (view: HumanView) => unknown, string[]]>([
    ['ready', (view) => view.ready(ready), ['· connected to 127.0.0.1:9000 as (1) bob']],
    [
      'a private message',
      (view) => view.message(privateMessage),
      ['10:05 (2) amy → you: hi :smile:'],
    ],
    [
      'a transient message',
      (view) => view.message({ ...privateMessage, seq: 0, transient: true }),
      ['10:05 (2) amy → you: hi :smile: ~'],
    ],
    [
      'sent, transient',
      (view) =>
        view.sent(
          line(1, 'x'),
          { target: { to: 2 }, text: 'x' },
          { id: 'i', seq: 0, transient: true },
        ),
      ['10:05 you → (2) amy: x ~'],
    ],
    ['a lobby message', (view) => view.message(groupMessage), ['10:05 (2) amy: all']],
    [
      'a group message',
      (view) => view.message({ ...groupMessage, group: 'dev' }),
      ['10:05 (2) amy → #dev: all'],
    ],
    [
      'own, from elsewhere',
      (view) => view.message({ ...privateMessage, from: 1, fromName: 'bob', to: 2 }),
      ['10:05 you → (2) amy: hi :smile:'],
    ],
    [
      'sent',
      (view) => view.sent(line(1, '2;;x'), { target: { to: 2 }, text: 'x' }, { id: 'i', seq: 8 }),
      ['10:05 you → (2) amy: x ✓'],
    ],
    [
      'sent to a stranger',
      (view) => view.sent(line(1, '3;;x'), { target: { to: 3 }, text: 'x' }, { id: 'i', seq: 8 }),
      ['10:05 you → (3): x ✓'],
    ],
    [
      'scheduled',
      (view) =>
        view.scheduled(line(1, 'x'), { target: { group: 'lobby' }, text: 'x' }, 5, 'abcdef012345'),
      ['10:05 you: x ◷ to be sent in 5 s (:cancel abcdef takes it back)'],
    ],
    [
      'not sent',
      (view) =>
        view.refused(line(1, '3;;x'), 'unknown-receiver', 'no such user', {
          target: { to: 3 },
          text: 'x',
        }),
      ['10:05 you → (3): x ✗ no such user'],
    ],
    [
      'never sent',
      (view) => view.unsent(line(1, '3;;x'), { target: { to: 3 }, text: 'x' }),
      ['10:05 you → (3): x ✗ not sent'],
    ],
    [
      'a wrong command',
      (view) => view.refused(line(1, ':nope'), 'bad-command', 'is none'),
      ['› :nope', '! is none'],
    ],
    ['the wish to leave', (view) => view.quitting(line(1, ':q')), ['› :q']],
    [
      'who is online',
      (view) =>
        view.result(line(1, ':olu'), {
          kind: 'online',
          users: [
            { userId: 2, userName: 'amy' },
            { userId: 10, userName: 'x\u001b[2J' },
          ],
          prefix: '',
        }),
      ['› :olu', '   2  amy', '  10  x��2J'],
    ],
    [
      'nobody',
      (view) => view.result(line(1, ':pu z'), { kind: 'online', users: [], prefix: 'z' }),
      ['› :pu z', '· nobody online has a name that begins with z'],
    ],
    [
      'the secret',
      (view) => view.result(line(1, ':secret show'), { kind: 'secret', secret: 'cim_x' }),
      [
        '› :secret show',
        '  secret  cim_x',
        '· whoever has this secret can act as you: show it to nobody. Another device needs it once, in --secret or CIM_SECRET',
      ],
    ],
    [
      'no secret',
      (view) => view.result(line(1, ':secret show'), { kind: 'secret', secret: undefined }),
      ['› :secret show', '· your account has no secret'],
    ],
    [
      'a new secret, which is not told',
      (view) => view.result(line(1, ':secret rotate'), { kind: 'rotated' }),
      ['› :secret rotate', '· your account has a new secret: :secret show tells it'],
    ],
    [
      'what waits to be sent',
      (view) =>
        view.result(line(1, ':delayed'), {
          kind: 'delayed',
          messages: [
            { id: 'abcdef012345', to: 2, text: 'wake up', dueAt: at },
            { id: 'abcdef912345', group: 'dev', text: 'stand up', dueAt: at },
            { id: '0123456789ab', group: 'lobby', text: 'all', dueAt: at },
          ],
        }),
      [
        '› :delayed',
        '  abcdef0  2026-01-31 10:05 you → (2) amy: wake up',
        '  abcdef9  2026-01-31 10:05 you → #dev: stand up',
        '  012345  2026-01-31 10:05 you: all',
        '· :cancel and what is in front takes one back',
      ],
    ],
    [
      'nothing that waits',
      (view) => view.result(line(1, ':delayed'), { kind: 'delayed', messages: [] }),
      ['› :delayed', '· nothing waits to be sent'],
    ],
    [
      'one that was taken back',
      (view) =>
        view.result(line(1, ':cancel a'), {
          kind: 'cancelled',
          message: { id: 'abc', to: 2, text: 'wake up', dueAt: at },
        }),
      ['› :cancel a', '· taken back: wake up'],
    ],
    [
      'a new group',
      (view) => view.result(line(1, ':create dev'), { kind: 'created', membership }),
      [
        '› :create dev',
        '· #dev is there: others enter it with :join dev, and read what is said from then on',
      ],
    ],
    [
      'a new group of which all may be read',
      (view) => {
        const created = { kind: 'created', membership: { ...membership, history: 'all' } } as const;
        view.result(line(1, ':create dev --history all'), created);
      },
      [
        '› :create dev --history all',
        '· #dev is there: others enter it with :join dev, and read all that is said in it',
      ],
    ],
    [
      'a group entered',
      (view) => view.result(line(1, ':join dev'), { kind: 'joined', membership }),
      ['› :join dev', '· you are in #dev: #dev;;text says something in it'],
    ],
    [
      'a group left',
      (view) => view.result(line(1, ':leave dev'), { kind: 'left', group: 'dev' }),
      ['› :leave dev', '· you have left #dev'],
    ],
    [
      'groups',
      (view) =>
        view.result(line(1, ':groups'), {
          kind: 'groups',
          memberships: [
            membership,
            { ...membership, group: 'builds', title: 'builds', owner: 1 },
            { ...membership, owner: 3, title: 'The team' },
          ],
        }),
      ['› :groups', '  #dev     of (2) amy', '  #builds  yours', '  #dev     The team, of (3)'],
    ],
    [
      'a group',
      (view) =>
        view.result(line(1, ':group dev'), {
          kind: 'group',
          membership: { ...ofTeam, entry: 'invite' },
        }),
      [
        '› :group dev',
        '  group         #dev',
        '  title         The team',
        '  owner         (2) amy',
        '  admins        (3), you',
        '  who may join  who is invited',
        '  members       read what is said from then on',
        '  encrypted     no, the cluster can read it',
        '  share         20 % an hour',
      ],
    ],
    [
      'an invitation',
      (view) => view.invited({ group: 'dev', by: 2 }),
      ['· (2) amy invites you to #dev: :join dev enters it'],
    ],
    [
      'changes of who is in an encrypted group, and of its key',
      (view) => {
        for (const kind of ['created', 'joined', 'left', 'removed', 'drawn', 'given'] as const)
          view.groupNews({ group: 'dev', kind, userId: 3, by: kind === 'joined' ? 3 : 2, at });
        view.groupNews({ group: 'dev', kind: 'joined', userId: 1, by: 1, at });
      },
      [
        '· (3) made #dev, which only its members can read',
        '· (3) is in #dev now',
        '· (3) is not in #dev any more',
        '· (2) amy removed (3) from #dev',
        '· #dev has a new key, by (2) amy',
        '· (2) amy gave (3) the key of #dev',
        '· you are in #dev now',
      ],
    ],
    [
      'who is in an encrypted group',
      (view) => {
        view.groupMembers({ group: 'dev', members: [1, 2, 3] });
        view.groupMembers({ group: 'dev', members: [1, 3], isAnother: true });
      },
      [
        '· in #dev are: you, (2) amy, (3)',
        '· in #dev, which is another group than the one of this name before, are: you, (3)',
      ],
    ],
    [
      'a message of an encrypted group',
      (view) => view.message({ ...groupMessage, group: 'dev', encrypted: true, key: 'verified' }),
      ['10:05 (2) amy → #dev [e2e ✓]: all'],
    ],
    [
      'invitations',
      (view) =>
        view.result(line(1, ':invitations'), {
          kind: 'invitations',
          invitations: [
            { group: 'dev', by: 2 },
            { group: 'ops', by: 3 },
          ],
        }),
      [
        '› :invitations',
        '· (2) amy invites you to #dev: :join dev enters it',
        '· (3) invites you to #ops: :join ops enters it',
      ],
    ],
    [
      'no invitations',
      (view) => view.result(line(1, ':invitations'), { kind: 'invitations', invitations: [] }),
      ['› :invitations', '· you are invited to no group'],
    ],
    [
      'a group that has changed',
      (view) => view.groupChanged(teamFacts),
      ['· #dev is now “The team” of (2) amy; admins: (3), you; who may join: who is invited'],
    ],
    [
      'a group that has changed, without admins',
      (view) => view.groupChanged({ ...teamFacts, admins: [], entry: 'closed' }),
      ['· #dev is now “The team” of (2) amy; who may join: nobody'],
    ],
    [
      'what a group is from now on',
      (view) =>
        view.result(line(1, ':title dev The team'), {
          kind: 'group-set',
          group: 'dev',
          settings: { title: 'The team', entry: 'closed', sharePercent: null },
        }),
      [
        '› :title dev The team',
        '· #dev is called The team now',
        '· who may join #dev now: nobody',
        '· one member may take of #dev what it is in other groups',
      ],
    ],
    [
      'what a group is from now on, by default',
      (view) =>
        view.result(line(1, ':title dev'), {
          kind: 'group-set',
          group: 'dev',
          settings: { title: '' },
        }),
      ['› :title dev', '· #dev is called dev now'],
    ],
    ...(
      [
        ['admin', 'you are an admin of #dev now'],
        ['unadmin', 'you are no admin of #dev any more'],
        ['owner', 'you own #dev now'],
        ['invite', 'you may join #dev, and are told so'],
      ] as const
    ).map(
      ([change, text]) =>
        [
          `oneself: ${change}`,
          (view: HumanView) =>
            view.result(line(1, `:${change} dev 1`), {
              kind: 'member-changed',
              change,
              group: 'dev',
              userId: 1,
            }),
          [`› :${change} dev 1`, `· ${text}`],
        ] as [string, (view: HumanView) => unknown, string[]],
    ),
    ...(
      [
        ['admin', '(2) amy is an admin of #dev now'],
        ['unadmin', '(2) amy is no admin of #dev any more'],
        ['owner', '(2) amy owns #dev now'],
        ['invite', '(2) amy may join #dev, and is told so'],
        ['remove', '(2) amy is not in #dev, and may join only when invited'],
      ] as const
    ).map(
      ([change, text]) =>
        [
          `a member: ${change}`,
          (view: HumanView) =>
            view.result(line(1, `:${change} dev 2`), {
              kind: 'member-changed',
              change,
              group: 'dev',
              userId: 2,
            }),
          [`› :${change} dev 2`, `· ${text}`],
        ] as [string, (view: HumanView) => unknown, string[]],
    ),
    [
      'no groups',
      (view) => view.result(line(1, ':groups'), { kind: 'groups', memberships: [] }),
      ['› :groups', '· you are in no group: :create name makes one, :join name enters one'],
    ],
    [
      'members',
      (view) =>
        view.result(line(1, ':members dev'), {
          kind: 'members',
          users: [{ userId: 2, userName: 'amy' }],
          group: 'dev',
        }),
      ['› :members dev', '  2  amy', '· one member'],
    ],
    [
      'emoji',
      (view) =>
        view.result(line(1, ':emoji 1'), {
          kind: 'emoji',
          emoji: [{ alias: ':smile:', emoji: '😄' }],
          page: 1,
          pages: 3,
        }),
      ['› :emoji 1', '  :smile:  😄', '· this is page 1, the last is 2; :emoji 2 shows the next'],
    ],
    [
      'no history',
      (view) => view.result(line(1, ':q z'), { kind: 'history', messages: [], ...newest }),
      ['› :q z', '· there are no such messages'],
    ],
    [
      'offline',
      (view) => view.offline('cut'),
      ['· connection lost: cut; what you write now is sent when it is back'],
    ],
    [
      'somebody who comes',
      (view) => view.presence({ userId: 2, online: true }),
      ['· (2) amy is online'],
    ],
    [
      'somebody who goes',
      (view) => view.presence({ userId: 9, online: false }),
      ['· (9) is offline'],
    ],
    ['the end', (view) => view.closed('left', true), ['· bye']],
    ['a bad end', (view) => view.closed('replaced', false), ['! replaced']],
  ])('%s', async (_name, show, expected) => {
    expect(await seen(show)).toEqual(expected);
  });

  test('history is a transcript, with the days that are not today', async () => {
    const yesterday = { ...groupMessage, at: at - 24 * 3600 * 1000 };
    const messages = [yesterday, yesterday, groupMessage];
    const rows = await seen((view) =>
      view.result(line(1, ':history'), { kind: 'history', messages, ...newest }),
    );
    expect(rows).toEqual([
      '› :history',
      '· history, 3 messages:',
      '── 2026-01-30 ──',
      '10:05 (2) amy: all',
      '10:05 (2) amy: all',
      '── 2026-01-31 ──',
      '10:05 (2) amy: all',
      '· end of history: this was all',
    ]);
  });

  test.each<[string, Partial<Extract<Result, { kind: 'history' }>>, string[]]>([
    [
      'older ones are there',
      { older: true },
      ['history, the newest one message:', 'end of history: :more shows what was before'],
    ],
    [
      'older ones are not kept',
      { expired: true },
      ['history, one message:', 'end of history: what was before is not kept any more'],
    ],
    [
      'it goes on',
      { isMore: true },
      ['history, one message from before:', 'end of history: this was all'],
    ],
    ['nothing in a part', { messages: [], older: true }, ['none so far: :more looks further back']],
    [
      'nothing is left',
      { messages: [], expired: true },
      ['there are no such messages: what was before is not kept any more'],
    ],
    ['no more', { messages: [], isMore: true }, ['there are no more messages']],
  ])('history: %s', async (_name, result, notices) => {
    const messages = [groupMessage];
    const rows = await seen((view) =>
      view.result(line(1, ':history'), { kind: 'history', messages, ...newest, ...result }),
    );
    expect(rows.filter((row) => row.startsWith('· '))).toEqual(
      notices.map((notice) => `· ${notice}`),
    );
  });

  test('history does not change what day it is', async () => {
    const { view, text } = open();
    const messages = [{ ...groupMessage, at: at - 24 * 3600 * 1000 }];
    await view.result(line(1, ':history'), { kind: 'history', messages, ...newest });
    text();
    await view.message(groupMessage);
    expect(text()).toBe('10:05 (2) amy: all\n');
  });

  test('the day is told when it changes', async () => {
    const { view, text } = open();
    await view.message({ ...groupMessage, at: at - 24 * 3600 * 1000 });
    await view.message(groupMessage);
    await view.message(groupMessage);
    expect(text().split('\n')).toEqual([
      '── 2026-01-30 ──',
      '10:05 (2) amy: all',
      '── 2026-01-31 ──',
      '10:05 (2) amy: all',
      '10:05 (2) amy: all',
      '',
    ]);
  });

  test('names and texts of others control nothing', async () => {
    const hostile = {
      ...groupMessage,
      fromName: 'a\n10:05 bob\u001b[1A',
      text: 'x\n10:05 (3) bob: no\u001b[2K',
    };
    expect(await seen((view) => view.message(hostile))).toEqual([
      '10:05 (2) a�10�05 bob��1A: x',
      '      10:05 (3) bob: no␛[2K',
    ]);
  });
});

describe('output', () => {
  test('waits for its reader', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const output = new Output(stream);
    await output.write('short');
    let isTaken = false;
    const stalled = output.write('longer than it likes').then(() => {
      isTaken = true;
    });
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    stream.resume();
    await stalled;
  });

  test('tells when the reader has gone', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const output = new Output(stream);
    const stalled = output.write('never read');
    stream.destroy(new Error('EPIPE'));
    await expect(stalled).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(output.broken).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(output.write('more')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('whatever others write has no effect on where it is shown', () => {
  const users = (text: string) => [{ userId: 2, userName: text }];

  /** All that others have a say in. */
  function showAll(view: HumanView | JsonView, text: string): Promise<unknown> {
    const written = line(1, ':x');
    const theirs = { ...privateMessage, id: text, fromName: text, text };
    const results: Result[] = [
      { kind: 'online', prefix: '', users: users(text) },
      { kind: 'members', group: text, users: users(text) },
      { kind: 'groups', memberships: [{ ...membership, group: text }] },
      { kind: 'invitations', invitations: [{ group: text, by: 2 }] },
      { kind: 'created', membership: { ...membership, group: text } },
      { kind: 'joined', membership: { ...membership, group: text } },
      { kind: 'left', group: text },
      { kind: 'group', membership: { ...membership, group: text, title: text } },
      { kind: 'group-set', group: text, settings: { title: text } },
      { kind: 'member-changed', change: 'invite', group: text, userId: 2 },
      { kind: 'history', messages: [theirs, { ...groupMessage, group: text }], ...newest },
      { kind: 'delayed', messages: [{ id: text, group: text, text, dueAt: at }] },
      { kind: 'cancelled', message: { id: text, to: 2, text, dueAt: at } },
    ];
    view.ready({ ...ready, server: text, device: text });
    view.offline(text);
    view.gap({ group: text, first: 1, last: 2 });
    view.unreadable({ group: text, seq: 1, count: 1 });
    view.joined({ group: text });
    view.left({ group: text, reason: 'removed' });
    view.groupChanged({ ...teamFacts, group: text, title: text });
    view.notice(text);
    return Promise.all([
      view.message(theirs),
      view.message({ ...groupMessage, group: text, fromName: text, text }),
      ...results.map((result) => view.result(written, result)),
      view.refused(written, 'x', text, { target: { group: text }, text }),
      view.closed(text, false),
    ]);
  }

  test.each(nastyTexts)('%s', async (_, text) => {
    const { output, text: printed } = capture();
    const screen = new PlainScreen(output);
    const clock = new VirtualClock(at);
    await showAll(
      new HumanView({
        screen,
        people: new People(),
        recent: new RecentMessages(),
        userId: 1,
        clock,
        client: new FakeMessenger(),
      }),
      text,
    );
    expect(printed().replaceAll('\n', '')).not.toMatch(unsafePattern);
  });

  test.each(nastyTexts)('%s, as JSON', async (_, text) => {
    const [events, diagnostics] = [capture(), capture()];
    await showAll(new JsonView(events.output, diagnostics.output), text);
    for (const printed of events.text().trimEnd().split('\n')) {
      expect(printed).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      JSON.parse(printed);
    }
    const lines = diagnostics.text().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    for (const printed of lines) expect(printed).not.toMatch(unsafePattern);
  });
});
