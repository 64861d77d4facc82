// What a line asks for. The private form is guarded: a slip in the address must never make a
// private text public.
import { describe, expect, test } from '@jest/globals';
import { everyInput, parseInput } from '../../../../src/client/terminal/input/input.ts';

const toLobby = (text: string) => ({ kind: 'send', target: { group: 'lobby' }, text });
const toUser = (to: number, text: string) => ({ kind: 'send', target: { to }, text });
const refusal = (code: string) => expect.objectContaining({ kind: 'refusal', code });

describe('texts', () => {
  test.each([
    ['hello', 'hello'],
    ['  spaces are kept  ', '  spaces are kept  '],
    [':)', ':)'],
    [':-D', ':-D'],
    [':3', ':3'],
    [':', ':'],
    [':smile:', ':smile:'],
    [':smile: good morning', ':smile: good morning'],
    [':thumbs_up: :tada:', ':thumbs_up: :tada:'],
    ['::q', ':q'],
    ['::olu', ':olu'],
    ['::', ':'],
    ['for(;;) {}', 'for(;;) {}'],
    [';;hi', ';;hi'],
    ['well, then;;what', 'well, then;;what'],
    ['wait ;;what', 'wait ;;what'],
    ['#lobby;;a;;b', 'a;;b'],
    ['# not;;a group', '# not;;a group'],
    ['see :q', 'see :q'],
    // Of several lines none is a command.
    [':q\nand more', ':q\nand more'],
    [':delay x\ny 5', ':delay x\ny 5'],
    ['hello\n:q', 'hello\n:q'],
    ['::std\n::q', '::std\n::q'],
    ['a\n7;;b', 'a\n7;;b'],
  ])('%j goes to everybody', (line, text) => {
    expect(parseInput(line)).toEqual(toLobby(text));
  });

  test.each([
    ['2;;hi', 2, 'hi'],
    ['2;;a;;b', 2, 'a;;b'],
    ['2;; hi ', 2, ' hi '],
    ['2;;several\nlines', 2, 'several\nlines'],
    [' 2 ;;hi', 2, 'hi'],
    ['007;;hi', 7, 'hi'],
    ['2;;:q', 2, ':q'],
    ['9007199254740991;;x', Number.MAX_SAFE_INTEGER, 'x'],
  ])('%j goes to one person', (line, to, text) => {
    expect(parseInput(line)).toEqual(toUser(to, text));
  });

  test.each(['', ' ', '\t  '])('%j is nothing', (line) => {
    expect(parseInput(line)).toEqual({ kind: 'nothing' });
  });

  test.each([
    'amy;;hi',
    '2a;;hi',
    '-5;;hi',
    '1.5;;hi',
    '0;;hi',
    '9007199254740992;;x',
    'amélie;;hi',
  ])('%j looks like an address, and is told to nobody', (line) => {
    expect(parseInput(line)).toEqual(refusal('invalid-argument'));
  });

  test.each(['2;;', '2;;  ', '#lobby;;'])('%j has no text', (line) => {
    expect(parseInput(line)).toEqual(refusal('invalid-argument'));
  });

  test.each([
    ['#dev;;hi', 'dev', 'hi'],
    [' #dev;;a;;b', 'dev', 'a;;b'],
    ['#Köche;; hi', 'köche', ' hi'],
    ['#a.b-c;;hi', 'a.b-c', 'hi'],
  ])('%j goes to a group', (line, group, text) => {
    expect(parseInput(line)).toEqual({ kind: 'send', target: { group }, text });
  });

  test.each(['##dev;;hi', '#a#b;;hi', `#${'x'.repeat(65)};;hi`, '#dev;; '])(
    '%j is told to nobody',
    (line) => {
      expect(parseInput(line)).toEqual(refusal('invalid-argument'));
    },
  );
});

test('a group that cannot be: the name is quoted, and what is wrong with it', () => {
  expect(parseInput(':create a b')).toMatchObject({
    message: '“a b” cannot be the name of a group: it must not hold white space',
  });
});

describe('commands', () => {
  test.each([
    [':q', { kind: 'quit' }],
    [':q!', { kind: 'quit' }],
    [':q  ', { kind: 'quit' }],
    [':q two words', { kind: 'history', query: { keyword: 'two words', limit: 100 } }],
    [':olu', { kind: 'online', prefix: '' }],
    [':pu Ö 1', { kind: 'online', prefix: 'Ö 1' }],
    [':info', { kind: 'info' }],
    [':all', { kind: 'help' }],
    [':emoji', { kind: 'emoji', page: 0 }],
    [':emoji 2', { kind: 'emoji', page: 2 }],
    [':history', { kind: 'history', query: { limit: 20 } }],
    [':history 2', { kind: 'history', query: { peer: 2, limit: 20 } }],
    [':history 2 50', { kind: 'history', query: { peer: 2, limit: 50 } }],
    [':history #lobby 1', { kind: 'history', query: { group: 'lobby', limit: 1 } }],
    [':history #Dev', { kind: 'history', query: { group: 'dev', limit: 20 } }],
    [':create dev', { kind: 'create', group: 'dev' }],
    [':create dev --e2ee', { kind: 'create', group: 'dev', e2ee: true }],
    [
      ':create dev --e2ee --history all',
      { kind: 'create', group: 'dev', history: 'all', e2ee: true },
    ],
    [
      ':create dev --history all  --e2ee',
      { kind: 'create', group: 'dev', history: 'all', e2ee: true },
    ],
    [':create Dev --history all', { kind: 'create', group: 'dev', history: 'all' }],
    [':create dev  --history  joined', { kind: 'create', group: 'dev', history: 'joined' }],
    [':join #dev', { kind: 'join', group: 'dev' }],
    [':leave Dev', { kind: 'leave', group: 'dev' }],
    [':groups', { kind: 'groups' }],
    [':invitations', { kind: 'invitations' }],
    [':block 7', { kind: 'block', userId: 7 }],
    [':unblock 7', { kind: 'unblock', userId: 7 }],
    [':blocked', { kind: 'blocked' }],
    [':watch 7', { kind: 'watch', userIds: [7] }],
    [':watch 7  8', { kind: 'watch', userIds: [7, 8] }],
    [':unwatch 7', { kind: 'unwatch', userIds: [7] }],
    [':lastseen on', { kind: 'last-seen', isShown: true }],
    [':lastseen off', { kind: 'last-seen', isShown: false }],
    [':share #Dev 25', { kind: 'set-group', group: 'dev', settings: { sharePercent: 25 } }],
    [':share dev', { kind: 'set-group', group: 'dev', settings: { sharePercent: null } }],
    [':group #Dev', { kind: 'group', group: 'dev' }],
    [
      ':title #Dev  The  team ',
      { kind: 'set-group', group: 'dev', settings: { title: 'The  team' } },
    ],
    [':title dev', { kind: 'set-group', group: 'dev', settings: { title: '' } }],
    [':entry dev invite', { kind: 'set-group', group: 'dev', settings: { entry: 'invite' } }],
    [':admin dev 7', { kind: 'admin', group: 'dev', userId: 7 }],
    [':unadmin #Dev 7', { kind: 'unadmin', group: 'dev', userId: 7 }],
    [':owner dev 7', { kind: 'owner', group: 'dev', userId: 7 }],
    [':invite dev 7', { kind: 'invite', group: 'dev', userId: 7 }],
    [':remove dev 7', { kind: 'remove', group: 'dev', userId: 7 }],
    [':more', { kind: 'more' }],
    [':delayed', { kind: 'delayed' }],
    [':cancel 3fa2c1', { kind: 'cancel', id: '3fa2c1' }],
    [':verify 2', { kind: 'verify', userId: 2, isConfirmed: false }],
    [':verify 2 ok', { kind: 'verify', userId: 2, isConfirmed: true }],
    [':secret show', { kind: 'show-secret' }],
    [':secret rotate', { kind: 'rotate-secret' }],
    [':members dev', { kind: 'members', group: 'dev' }],
  ])('%j', (line, action) => {
    expect(parseInput(line)).toEqual(action);
  });

  test.each([
    [':delay hi 5', { group: 'lobby' }, 'hi', 5],
    [':delay several words and 7  5', { group: 'lobby' }, 'several words and 7', 5],
    [':delay 2;;hi you 0', { to: 2 }, 'hi you', 0],
    [':delay #dev;;hi you 0', { group: 'dev' }, 'hi you', 0],
    [':delay 2;;a;;b 10', { to: 2 }, 'a;;b', 10],
  ])('%j', (line, target, text, delaySeconds) => {
    expect(parseInput(line)).toEqual({ kind: 'schedule', target, text, delaySeconds });
  });

  test.each([
    ':nope',
    ':OLU',
    ':D',
    ':olu now',
    ':q! now',
    ':pu',
    ':delay',
    ':delay 5',
    ':delay hi',
    ':delay hi soon',
    ':delay hi -1',
    ':delay hi 1.5',
    ':delay hi 99999999999',
    ':history amy',
    ':history 0',
    ':history 2 many',
    ':history 2 0',
    ':history 2 1001',
    ':history 2 3 4',
    ':emoji x',
    ':create',
    ':create --e2ee',
    ':create dev --history',
    ':create dev --history some',
    ':create dev --history all joined',
    ':join ',
    ':leave',
    ':groups dev',
    ':more 5',
    ':delayed 5',
    ':cancel',
    ':verify',
    ':verify amy',
    ':verify 2 yes',
    ':verify 2 ok ok',
    ':secret',
    ':secret tell',
    ':cancel a b',
    ':members',
    ':emoji -1',
    ':emoji 99999',
  ])('%j is refused with one line that helps', (line) => {
    const action = parseInput(line);
    expect(action).toEqual(refusal('bad-command'));
    expect(action).toHaveProperty('message', expect.stringMatching(/^.*:\w+.*$/));
  });

  test('a delayed text is guarded as any other', () => {
    expect(parseInput(':delay amy;;hi 5')).toEqual(refusal('invalid-argument'));
    expect(parseInput(':delay 2;; 5')).toEqual(refusal('invalid-argument'));
    expect(parseInput(':history #a#b')).toEqual(refusal('invalid-argument'));
    expect(parseInput(':join two words')).toEqual(refusal('invalid-argument'));
  });

  test('a slip is guessed', () => {
    expect(parseInput(':histroy')).toHaveProperty(
      'message',
      expect.stringContaining('did you mean :history?'),
    );
  });

  test('help lists what can be typed, and all of it can be typed', () => {
    const typed = everyInput.map(([input]) => input);
    expect(typed).toEqual(
      expect.arrayContaining([
        ':q',
        ':q!',
        ':q keyword',
        ':olu',
        ':all',
        ':info',
        ':pu prefix',
        ':emoji [page]',
        ':delay text seconds',
        ':history',
        '#group;;text',
        ':create name',
        ':join name',
        ':leave name',
        ':groups',
        ':members name',
      ]),
    );
    const examples = {
      'userId|#group': '#builds',
      yourUserId: '1',
      userId: '2',
      '[count]': '5',
      '[page]': '1',
      seconds: '5',
      percent: '20',
      '#group': '#lobby',
      'open|invite|closed': 'invite',
    };
    for (const input of typed) {
      let line = input;
      for (const [word, example] of Object.entries(examples)) line = line.replace(word, example);
      expect([line, parseInput(line).kind]).not.toEqual([line, 'refusal']);
    }
  });
});
