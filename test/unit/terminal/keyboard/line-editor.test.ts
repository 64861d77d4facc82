// What keys do to the text that is being typed. `|` is where the cursor is.
import { describe, expect, test } from '@jest/globals';
import type { Press } from '../../../../src/client/terminal/keyboard/keyboard.ts';
import { LineEditor } from '../../../../src/client/terminal/keyboard/line-editor.ts';

const unitsMax = 100;

/** `ctrl-a`, `alt-b`, `left`. */
function key(named: string): Extract<Press, { kind: 'key' }> {
  const [, modifier, name] = /^(?:(ctrl|alt)-)?(.+)$/.exec(named) ?? [];
  return {
    kind: 'key',
    name,
    ctrl: modifier === 'ctrl',
    meta: modifier === 'alt',
    text: undefined,
  };
}

function edit(before: string, keys: readonly string[]): string {
  const editor = new LineEditor(unitsMax);
  const [left = '', right = ''] = before.split('|');
  editor.insert(left + right, 't');
  const start = { ...key('left') };
  while (editor.cursor > left.length) editor.press(start);
  for (const each of keys) editor.press(key(each));
  return `${editor.beforeCursor}|${editor.text.slice(editor.cursor)}`;
}

describe('the cursor goes by what people see as one character', () => {
  const family = '👩‍👩‍👧';
  test.each([
    ['a letter with its mark', 'e\u0301'],
    ['a pile of marks', 'z\u0335\u0336\u0337'],
    ['a family', family],
    ['a flag', '🇩🇪'],
    ['a tone of skin', '👍🏽'],
    ['a heart', '❤️'],
    ['a key cap', '1️⃣'],
    ['Hangul in parts', '\u1112\u1161\u11ab'],
    ['a Devanagari syllable', 'नि'],
    ['a plane outside of 16 bits', '𝒳'],
  ])('%s', (_, one) => {
    expect(edit(`a${one}|`, ['backspace'])).toBe('a|');
    expect(edit(`a${one}b|`, ['left', 'left'])).toBe(`a|${one}b`);
    expect(edit(`|${one}b`, ['right'])).toBe(`${one}|b`);
    expect(edit(`|${one}b`, ['delete'])).toBe('|b');
    expect(edit(`${one}${one}|`, ['ctrl-b', 'ctrl-h'])).toBe(`|${one}`);
  });
});

describe('keys', () => {
  test.each([
    ['one two|', ['ctrl-a'], '|one two'],
    ['|one two', ['ctrl-e'], 'one two|'],
    ['one two|', ['home', 'delete'], '|ne two'],
    ['one two |', ['ctrl-w'], 'one |'],
    ['one two|', ['alt-backspace'], 'one |'],
    ['one two|', ['alt-b', 'alt-b'], '|one two'],
    ['|one two', ['ctrl-right'], 'one| two'],
    ['one| two', ['alt-d'], 'one|'],
    ['one| two', ['ctrl-k', 'ctrl-a', 'ctrl-y'], ' two|one'],
    ['one| two', ['ctrl-u', 'ctrl-e', 'ctrl-y'], ' twoone|'],
    ['|', ['left', 'backspace', 'delete', 'right', 'ctrl-w', 'ctrl-d'], '|'],
    ['ab\ncd|', ['alt-return'], 'ab\ncd\n|'],
    ['ab\ncd|', ['up'], 'ab|\ncd'],
    ['ab\ncd|', ['up', 'ctrl-a', 'down'], 'ab\n|cd'],
    ['long line\nb\nlong line|', ['up', 'up'], 'l|ong line\nb\nlong line'],
    ['ab\ncd|', ['ctrl-a', 'left', 'home'], '|ab\ncd'],
    ['ab\n|cd', ['backspace'], 'ab|cd'],
    ['ab\ncd|', ['ctrl-u', 'ctrl-u'], 'ab\n|'],
    ['ab|c\n👩‍👩‍👧d', ['down'], 'abc\n|👩‍👩‍👧d'],
  ])('%j %j', (before, keys, after) => {
    expect(edit(before, keys)).toBe(after);
  });

  test('those that nobody knows do nothing', () => {
    const editor = new LineEditor(unitsMax);
    expect(editor.press(key('f5'))).toBe(false);
    expect(editor.press({ ...key('x'), meta: true, text: 'x' })).toBe(false);
    expect(editor.press({ ...key('escape'), text: '\u001b' })).toBe(false);
    expect(editor.text).toBe('');
  });
});

describe('the history', () => {
  function typed(...lines: string[]): LineEditor {
    const editor = new LineEditor(unitsMax);
    for (const line of lines) {
      editor.insert(line, 't');
      editor.finish();
    }
    return editor;
  }

  test('is gone through, and what was being typed is still there', () => {
    const editor = typed('one', 'two\nlines', 'two\nlines', ' ');
    editor.insert('half', 't');
    const texts = ['up', 'up', 'up', 'up', 'down', 'down', 'down', 'down'].map((name) => {
      editor.press(key(name));
      return editor.text;
    });
    // Up goes through the lines of a text, too.
    expect(texts).toEqual([
      ...['two\nlines', 'two\nlines', 'one', 'one'],
      ...['two\nlines', 'half', 'half', 'half'],
    ]);
  });
});

test('knows what was typed and what was pasted', () => {
  const editor = new LineEditor(unitsMax);
  editor.insert('ab', 't');
  editor.insert('cd\n', 'p');
  editor.press(key('left'));
  editor.press(key('backspace'));
  editor.insert('e', 't');
  expect(editor.finish()).toEqual({ text: 'abce\n', origin: 'ttptp' });
});

test('what would be too long is not taken', () => {
  const editor = new LineEditor(3);
  editor.insert('ab', 't');
  editor.insert('cd', 't');
  editor.insert('e', 't');
  expect(editor.text).toBe('abe');
});
