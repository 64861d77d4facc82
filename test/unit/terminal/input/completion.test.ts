import { describe, expect, test } from '@jest/globals';
import { completeLine } from '../../../../src/client/terminal/input/completion.ts';

const online = [
  { userId: 2, userName: 'amy' },
  { userId: 3, userName: 'Amanda' },
  { userId: 21, userName: 'bob' },
];

/** The line after TAB, and what is listed. */
function tab(line: string): [string, readonly string[]] {
  const { typed, replacements, labels } = completeLine(line, {
    userId: 1,
    online,
    groups: ['builds', 'ops'],
    messages: [],
    paths: [],
  });
  return [line.slice(0, line.length - typed.length) + (replacements[0] ?? typed), labels];
}

describe('completion', () => {
  test.each([
    [':ol', ':olu'],
    [':his', ':history '],
    ['bo', '21;;'],
    ['amy', '2;;'],
    ['ａｍｙ', '2;;'],
    ['21', '21;;'],
    ['#l', '#lobby;;'],
    ['#bu', '#builds;;'],
    [':history #o', ':history #ops '],
    [':delay #b', ':delay #builds;;'],
    [':leave o', ':leave ops'],
    [':members #b', ':members #builds'],
    [':mem', ':members '],
    [':history bo', ':history 21 '],
    [':history #l', ':history #lobby '],
    [':conv', ':conversations '],
    [':mute bo', ':mute 21 '],
    [':unpin #o', ':unpin #ops '],
    [':unmute #l', ':unmute #l'],
    [':invitat', ':invitations'],
    [':tit', ':title '],
    [':una', ':unadmin '],
    [':title #b', ':title #builds'],
    [':entry o', ':entry ops'],
    [':entry ops i', ':entry ops invite'],
    [':admin b', ':admin builds'],
    [':unadmin ops bo', ':unadmin ops 21 '],
    [':owner ops bo', ':owner ops 21 '],
    [':invite ops bo', ':invite ops 21 '],
    [':remove #ops bo', ':remove #ops 21 '],
    [':share o', ':share ops'],
    [':pu b', ':pu bob'],
    [':sec', ':secret '],
    [':secret r', ':secret rotate'],
    [':create dev --h', ':create dev --history'],
    [':create dev --e', ':create dev --e2ee'],
    [':create dev --history a', ':create dev --history all'],
    [':delay bo', ':delay 21;;'],
    ['2;;great :tad', '2;;great :tada:'],
  ])('%j becomes %j', (line, completed) => {
    expect(tab(line)).toEqual([completed, []]);
  });

  test('what is common to several comes first, then they are listed', () => {
    expect(tab('a')).toEqual(['Am', ['(2) amy', '(3) Amanda']].with(0, 'am'));
    expect(tab('am')).toEqual(['am', ['(2) amy', '(3) Amanda']]);
    expect(tab('2')).toEqual(['2', ['(2) amy', '(21) bob']]);
    expect(tab('#')).toEqual(['#', ['#lobby', '#builds', '#ops']]);
    expect(tab(':inv')).toEqual([':invit', [':invitations', ':invite']]);
    expect(tab(':q')).toEqual([':q', [':q', ':q!']]);
  });

  test('names that begin with halves of the same character have nothing in common there', () => {
    const online = ['a😀', 'a😁'].map((userName, index) => ({ userId: index + 2, userName }));
    expect(
      completeLine(':pu a', { userId: 1, online, groups: [], messages: [], paths: [] })
        .replacements,
    ).toEqual([]);
    expect(
      completeLine(':pu ', { userId: 1, online, groups: [], messages: [], paths: [] }).replacements,
    ).toEqual(['a']);
  });

  test.each(['zoe', '2;;hel', ':nope', 'hello bo'])('%j stays', (line) => {
    expect(tab(line)).toEqual([line, []]);
  });

  test('what cannot be typed safely is not offered', () => {
    const named = {
      userId: 1,
      online: [{ userId: 2, userName: 'a\u001b[2J' }],
      groups: ['a\u202eb'],
      messages: [],
      paths: [],
    };
    for (const line of [':pu a', ':leave a'])
      expect(completeLine(line, named)).toMatchObject({ replacements: [], labels: [] });
    // By its number it is.
    expect(completeLine('a', named).replacements).toEqual(['2;;']);
  });
});
