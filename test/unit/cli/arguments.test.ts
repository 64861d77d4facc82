// Goal: what is typed arrives as typed. Method: the traps of cac's parser, one by one, over the
// real commands.
import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.ts';
import { commands } from '../../../src/cli/commands.ts';

function parse(...argv: string[]) {
  const { command, ...rest } = parseArguments(commands, argv);
  return { ...rest, command: command?.name };
}

describe('values stay text', () => {
  test.each([
    '007',
    '9007199254740993',
    '1e3',
    '0x10',
    '.5',
    '',
    ' ',
    '+5',
    '-5',
    'true',
    'false',
    '-',
    '=',
    'a=b',
    'NaN',
    '1\n2',
  ])('%j after a flag, after =, and as a word', (text) => {
    expect(parse('client', '--name', text).flags).toEqual({ name: [text] });
    expect(parse('client', `--name=${text}`).flags).toEqual({ name: [text] });
    expect(parse('send', '--json', text)).toMatchObject({
      flags: { json: [true] },
      positionals: [text],
    });
    expect(parse('send', '--to', '2', text, 'x')).toMatchObject({
      flags: { to: ['2'] },
      positionals: [text, 'x'],
    });
  });

  test('a value with a dash needs =, or -- as a word', () => {
    expect(parse('client', '--name=-x').flags).toEqual({ name: ['-x'] });
    expect(parse('client', '--name', '-x').flags).toEqual({ name: [true], x: [true] });
    expect(parse('send', '--to', '2', '--', '-x', '--json', '7').positionals).toEqual([
      '-x',
      '--json',
      '7',
    ]);
  });

  test('an empty value does not take the next word', () => {
    expect(parse('send', '--name=', 'hello')).toMatchObject({
      flags: { name: [''] },
      positionals: ['hello'],
    });
  });
});

describe('flags', () => {
  test('each use is kept, in order', () => {
    expect(parse('client', '--route', 'http://1', '--route=http://2').flags).toEqual({
      route: ['http://1', 'http://2'],
    });
    expect(parse('client', '--name', '1', '--name', '2').flags).toEqual({ name: ['1', '2'] });
  });

  test('switches: alone, turned off, with a value', () => {
    expect(parse('client', '--json').flags).toEqual({ json: [true] });
    expect(parse('client', '--no-json').flags).toEqual({ json: [false] });
    expect(parse('client', '--json=false').flags).toEqual({ json: ['false'] });
    expect(parse('send', '--json=yes', 'hi')).toMatchObject({
      flags: { json: ['yes'] },
      positionals: ['hi'],
    });
    expect(parse('client', '--no-name').flags).toEqual({ name: [false] });
  });

  test('names come back as they are in the table, and unknown ones as they were typed', () => {
    expect(parse('server', '--http-port', '1').flags).toEqual({ 'http-port': ['1'] });
    expect(parse('server', '--zk-session-timeout-ms=1').flags).toEqual({
      'zk-session-timeout-ms': ['1'],
    });
    expect(
      Object.keys(parse('server', '--what-is-this', '--a.b=1', '-x', '--no-such').flags),
    ).toEqual(['what-is-this', 'a.b', 'x', 'such']);
  });

  test('may come before the command', () => {
    expect(parse('--log-level', 'debug', 'server', '--port', '1')).toMatchObject({
      command: 'server',
      flags: { 'log-level': ['debug'], port: ['1'] },
    });
  });

  test('--help and --version are told apart from the others', () => {
    for (const help of ['-h', '--help']) {
      expect(parse('server', help)).toMatchObject({ command: 'server', help: true, flags: {} });
    }
    for (const version of ['-v', '--version']) {
      expect(parse(version)).toMatchObject({ command: undefined, version: true, flags: {} });
    }
  });
});

describe('commands and their arguments', () => {
  test.each([
    [['srver'], 'srver: is not a command (did you mean server?)'],
    [['nothing-like-it'], 'nothing-like-it: is not a command'],
    [['--port', '1'], 'a command comes first'],
    [['completion'], '<bash|zsh> must be given'],
    [['server', 'extra'], 'extra: is one argument too many'],
    [['config', 'server', 'route'], 'route: is one argument too many'],
  ])('%j', (argv, problem) => {
    expect(parse(...argv).problem).toBe(problem);
  });

  test.each([
    [[]],
    [['server']],
    [['config']],
    [['config', 'server']],
    [['admin', 'kick', '2']],
    [['send', 'a', 'b', 'c']],
  ])('%j is fine', (argv) => {
    expect(parse(...argv).problem).toBeUndefined();
  });
});
