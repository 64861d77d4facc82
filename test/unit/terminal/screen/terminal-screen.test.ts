// What is being typed survives everything that is printed, on a terminal that shows what a person
// would see.
import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../../src/base/clock.ts';
import { limits } from '../../../../src/base/limits.ts';
import { completeLine } from '../../../../src/client/terminal/input/completion.ts';
import type { ReadLine } from '../../../../src/client/terminal/input/line-splitter.ts';
import { Output } from '../../../../src/client/terminal/screen/output.ts';
import { TerminalScreen } from '../../../../src/client/terminal/screen/terminal-screen.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { VirtualTerminal } from '../support/virtual-terminal.ts';

function open(columns = 30, rewraps = true, isConnected = true) {
  const terminal = new VirtualTerminal(columns);
  const { stdin, stdout } = terminal;
  let interrupts = 0;
  const signals = new EventEmitter();
  const kills: unknown[] = [];
  const job = Object.assign(signals, {
    kill: (processId: number, signal: string) =>
      kills.push({ processId, signal, isRaw: terminal.isRaw }),
  });
  const typed: string[] = [];
  const screen = new TerminalScreen({
    stdin,
    stdout,
    output: new Output(stdout),
    job,
    clock: systemClock,
    rewraps,
    userName: 'bob',
    isColoured: false,
    complete: async (line) =>
      completeLine(line, {
        userId: 1,
        online: [{ userId: 2, userName: 'amy' }],
        groups: [],
        messages: [],
        paths: [],
      }),
    onInterrupt: () => {
      interrupts += 1;
    },
    onTyped: (text) => typed.push(text),
    isForOthers: (text) => !text.startsWith(':'),
  });
  onTeardown(() => screen.stop());
  if (isConnected) screen.showConnected(true);
  const shows = (rows: readonly string[]) =>
    waitUntil(
      'the terminal shows it',
      () => JSON.stringify(terminal.rows) === JSON.stringify(rows),
      { timeoutMs: 2_000, pollMs: 1 },
    ).catch(() => expect(terminal.rows).toEqual(rows));
  return { terminal, screen, shows, typed, interrupts: () => interrupts, job, kills };
}

/** No row reaches the edge; the sign counts for two columns, as it is to some terminals. */
function typedRows(text: string, columns: number, sign = '●'): string[] {
  const first = columns - 1 - ' bob> '.length - 2;
  const rest = text.slice(first).match(new RegExp(`.{1,${columns - 1}}`, 'g')) ?? [];
  return [`${sign} bob> ${text.slice(0, first)}`, ...rest].map((row) => row.trimEnd());
}

async function nextLine(screen: TerminalScreen): Promise<ReadLine | undefined> {
  for await (const line of screen.lines) return line;
  return undefined;
}

describe('the terminal', () => {
  test('prints above what is being typed', async () => {
    const { terminal, screen, shows } = open();
    await shows(['● bob>']);
    terminal.type('half a li');
    await shows(['● bob> half a li']);
    await screen.print(['10:05 (2) amy: hello']);
    await shows(['10:05 (2) amy: hello', '● bob> half a li']);
    terminal.type('ne');
    await screen.print(['more', 'and more']);
    await shows(['10:05 (2) amy: hello', 'more', 'and more', '● bob> half a line']);
  });

  test.each(['type', 'burst', 'paste'] as const)(
    'however long that is, around the edge of a row (%s)',
    async (way) => {
      const columns = 30;
      for (let length = 20; length <= 60; length += 1) {
        const { terminal, screen, shows } = open(columns);
        await screen.print(['first']);
        const text = 'abcdefghij'.repeat(6).slice(0, length);
        terminal[way](text);
        const typed = typedRows(text, columns);
        await shows(['first', ...typed]);
        await screen.print(['above']);
        await shows(['first', 'above', ...typed]);
        screen.showConnected(false);
        await shows(['first', 'above', ...typedRows(text, columns, '○')]);
        terminal.type('\r');
        expect(await nextLine(screen)).toEqual({ number: 1, text });
        await screen.settle(1, ['done']);
        await shows(['first', 'above', 'done', '○ bob>']);
        screen.stop();
      }
    },
  );

  test('a line stays in view until it is settled, wherever the cursor was', async () => {
    const { terminal, screen, shows } = open();
    terminal.type('one\u001b[D\u001b[D\r');
    terminal.type('two, a line that is too long for a row\rthree');
    await shows(['… one', '… two, a line that is too …', '● bob> three']);
    await screen.settle(2, ['two ✓']);
    await shows(['two ✓', '… one', '● bob> three']);
    await screen.settle(1, ['one ✗']);
    await shows(['two ✓', 'one ✗', '● bob> three']);
  });

  test('Enter takes the whole line, with the cursor at its beginning', async () => {
    const { terminal, screen, shows } = open();
    await screen.print(['first']);
    terminal.type('a line that is too long for one row\u0001\r');
    await shows(['first', '… a line that is too long …', '● bob>']);
  });

  test('lines come fast, one of which fills a row', async () => {
    const { terminal, screen, shows } = open();
    await screen.print(['first']);
    terminal.burst('a line that fills a row\n');
    terminal.burst('half a line');
    await shows(['first', '… a line that fills a row', '● bob> half a line']);
  });

  test('of many lines that wait the first are shown', async () => {
    const { terminal, screen, shows } = open();
    terminal.type('1\n2\n3\n4\n5\n6\n');
    await shows(['… 1', '… 2', '… 3', '… 4', '… and 2 more', '● bob>']);
    await screen.settle(1, ['1 ✓']);
    await shows(['1 ✓', '… 2', '… 3', '… 4', '… 5', '… and 1 more', '● bob>']);
  });

  test('lines are numbered, blank ones are not lines', async () => {
    const { terminal, screen } = open();
    terminal.type('one\r\r  \rtwo\r');
    expect(await nextLine(screen)).toEqual({ number: 1, text: 'one' });
    expect(await nextLine(screen)).toEqual({ number: 2, text: 'two' });
  });

  test('TAB completes, or lists', async () => {
    const { terminal, shows } = open();
    terminal.type('am\t');
    await shows(['● bob> 2;;']);
    terminal.type('hi');
    await shows(['● bob> 2;;hi']);
    terminal.type('\u0015:q\t');
    await shows([':q   :q!', '● bob> :q']);
  });

  test('what is printed after the end follows line by line', async () => {
    const { terminal, screen, shows } = open();
    terminal.type('never sent');
    await shows(['● bob> never sent']);
    screen.stop();
    await screen.print(['bye']);
    await shows(['bye']);
    expect(await nextLine(screen)).toBeUndefined();
  });

  test('Ctrl-C asks to leave, Ctrl-D ends the input', async () => {
    const { terminal, screen, interrupts } = open();
    terminal.type('\u0003');
    await waitUntil('the interrupt', () => interrupts() === 1, { timeoutMs: 2_000 });
    const line = nextLine(screen);
    terminal.type('\u0004');
    expect(await line).toBeUndefined();
  });

  test('a text of before the first login waits for an Enter after it; a command does not', async () => {
    const { terminal, screen, shows } = open(120, true, false);
    const word = '! not sent, as you are not logged in yet: press Enter again when you are';
    terminal.type('too early\r');
    await shows([word, '○ bob> too early']);
    const read = screen.readHidden('secret');
    terminal.type('psst\r');
    expect(await read).toBe('psst');
    screen.showConnected(true);
    screen.showConnected(false);
    await shows([word, '○ bob> too early']);
    terminal.type('\r');
    expect(await nextLine(screen)).toEqual({ number: 1, text: 'too early' });

    const other = open(120, true, false);
    other.terminal.type(':q\r');
    expect(await nextLine(other.screen)).toEqual({ number: 1, text: ':q' });
  });

  describe('what is not to be seen', () => {
    test('is read and not shown; what was typed before is still there', async () => {
      const { terminal, screen, shows } = open();
      terminal.type('half a li');
      await shows(['● bob> half a li']);
      const read = screen.readHidden('secret');
      await shows(['● secret> half a li']);
      terminal.type('pssx\u007ft');
      await screen.print(['10:05 (2) amy: hello']);
      screen.showConnected(false);
      await shows(['10:05 (2) amy: hello', '○ secret> half a li']);
      terminal.type('\r');
      expect(await read).toBe('psst');
      await shows(['10:05 (2) amy: hello', '○ bob> half a li']);
      terminal.type('ne\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: 'half a line' });
    });

    test('may be pasted with its end and something more, and typed anew', async () => {
      const { terminal, screen, shows } = open();
      const first = screen.readHidden('secret');
      terminal.burst('psst\rand more');
      terminal.paste('\n');
      terminal.type('\r');
      expect(await first).toBe('psst');
      await shows(['● bob>']);
      const second = screen.readHidden('secret');
      terminal.type('wrong\u0015\u001b[Dright\r');
      expect(await second).toBe('right');
    });

    test.each([
      ['Ctrl-C', '\u0003', 1],
      ['Ctrl-D', '\u0004', 0],
    ])('%s: it is not told', async (_, key, interruptCount) => {
      const { terminal, screen, interrupts, shows } = open();
      const read = screen.readHidden('secret');
      terminal.type(`no${key}`);
      expect(await read).toBeUndefined();
      expect(interrupts()).toBe(interruptCount);
      terminal.type('text');
      await shows(['● bob> text']);
    });

    test('nobody waits for it at the end', async () => {
      const { screen } = open();
      const read = screen.readHidden('secret');
      screen.stop();
      expect(await read).toBeUndefined();
    });
  });

  test('what is typed cannot control the terminal either', async () => {
    const { terminal, shows } = open();
    terminal.burst('a\u0085b\r');
    await shows(['… a\ufffdb', '● bob>']);
  });

  describe('when the window changes', () => {
    const text = 'a line that is being typed while somebody makes the window wider, or narrower';

    test.each([[[80]], [[200, 30]], [[20]], [[20, 80]], [[50, 17, 90, 31, 200, 12]]])(
      'to %j columns: nothing is lost, and nothing is there twice',
      async (widths) => {
        const { terminal, screen, shows } = open(60);
        await screen.print(['10:05 amy: 1', '10:05 amy: 2']);
        terminal.type('waits\r');
        terminal.type(text);
        for (const columns of widths) {
          terminal.resize(columns);
          const rows = typedRows(text, columns);
          if (columns > 20) await shows(['10:05 amy: 1', '10:05 amy: 2', '… waits', ...rows]);
        }
        terminal.resize(60);
        await screen.settle(1, ['done']);
        await shows(['10:05 amy: 1', '10:05 amy: 2', 'done', ...typedRows(text, 60)]);
      },
    );

    test('the cursor may be anywhere', async () => {
      const { terminal, screen, shows } = open(60);
      await screen.print(['first']);
      terminal.type(text);
      terminal.type('\u0001');
      terminal.resize(24);
      await shows(['first', ...typedRows(text, 24)]);
      expect(terminal.cursor).toEqual({ row: 1, column: 7 });
      terminal.resize(100);
      await shows(['first', ...typedRows(text, 100)]);
      expect(terminal.cursor).toEqual({ row: 1, column: 7 });
    });

    test('where rows are cut off and not broken, none above is taken for one', async () => {
      const { terminal, screen, shows } = open(60, false);
      await screen.print(['first']);
      terminal.type(text);
      await shows(['first', ...typedRows(text, 60)]);
      Object.assign(terminal.stdout, { columns: 30 }).emit('resize');
      await shows(['first', ...typedRows(text, 30)]);
    });
  });

  describe('what is pasted', () => {
    test('stays together until Enter, with its line breaks', async () => {
      const { terminal, screen, shows } = open();
      terminal.paste('if (a) {\n\tb();\n}\n:q');
      await shows(['● bob> if (a) {', '    b();', '}', ':q']);
      await screen.print(['above']);
      await shows(['above', '● bob> if (a) {', '    b();', '}', ':q']);
      terminal.type('!\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: 'if (a) {\n\tb();\n}\n:q!' });
      await shows(['above', '… if (a) {␊    b();␊}␊:q!', '● bob>']);
    });

    test('ends with what was selected too much of', async () => {
      const { terminal, screen } = open();
      terminal.paste(':olu\n');
      terminal.type('\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: ':olu' });
    });

    test('is one with what is typed around it', async () => {
      const { terminal, screen } = open();
      terminal.type('2;;');
      terminal.burst('\u001b[200~a\r\nb\u001b[201~');
      terminal.type(' c\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: '2;;a\nb c' });
    });

    test('may hold keys, which are no keys then', async () => {
      const { terminal, screen, interrupts } = open();
      terminal.paste('a\u0003b\u0004\u001a\tc\u001b[Ad\u0015');
      terminal.type('\r');
      expect((await nextLine(screen))?.text).toBe('a\u0003b\u0004\u001a\tc\u001b[Ad\u0015');
      expect(interrupts()).toBe(0);
    });

    test.each(['paste', 'burst'] as const)('may be long (%s)', async (way) => {
      const { terminal, screen } = open(80);
      const text = 'word 日本 '.repeat(2_500);
      terminal[way](text);
      await waitUntil('it is shown', () => terminal.rows.length > 10, { timeoutMs: 20_000 });
      expect(terminal.rows[0]).toMatch(/^● bob> … \d+ rows above$/);
      expect(terminal.rows.length).toBeLessThan(20);
      terminal.type('\r');
      expect((await nextLine(screen))?.text).toBe(text);
    });

    test('is left out when it is longer than any message', async () => {
      const { terminal, shows } = open(100);
      terminal.type('a');
      terminal.paste('x'.repeat(limits.textBytesMax + 1_000));
      terminal.type('b');
      const remark = '! what was pasted is left out: a message has at most 65536 bytes';
      await shows([remark, '● bob> ab']);
    });
  });

  test('a line that is true for now is right above what is typed, and what is typed is told', async () => {
    const { terminal, screen, shows, typed } = open();
    screen.showStatus('(2) amy is typing…');
    await shows(['(2) amy is typing…', '● bob>']);
    terminal.type('2;;h');
    await shows(['(2) amy is typing…', '● bob> 2;;h']);
    expect(typed.at(-1)).toBe('2;;h');
    screen.showStatus('');
    await shows(['● bob> 2;;h']);
  });

  describe('what is pasted into a terminal that does not mark it', () => {
    test.each(['\n', '\r', '\r\n'])('stays together until Enter (%j)', async (lineBreak) => {
      const { terminal, screen, shows } = open();
      const lines = ['first', '\t:q', '', 'last'];
      terminal.burst(lines.join(lineBreak) + lineBreak);
      await shows(['● bob> first', '    :q', '', 'last']);
      terminal.type('\r');
      expect((await nextLine(screen))?.text).toBe(lines.join('\n'));
    });

    test('is one paste, in however many pieces it is read', async () => {
      const { terminal, screen, shows } = open();
      terminal.type('2;;');
      for (const piece of ['one\rtwo', '\r', 'thr', 'ee\r', 'four\r']) terminal.burst(piece);
      await shows(['● bob> 2;;one', 'two', 'three', 'four']);
      terminal.type('\r');
      expect((await nextLine(screen))?.text).toBe('2;;one\ntwo\nthree\nfour');
    });

    test('is left out when it is longer than any message', async () => {
      const { terminal, shows } = open(100);
      const lines = `${'x'.repeat(1_000)}\r`.repeat(10);
      for (let bytes = 0; bytes <= limits.textBytesMax + 1_000; bytes += lines.length)
        terminal.burst(lines);
      const remark = '! what was pasted is left out: a message has at most 65536 bytes';
      await shows([remark, '● bob>']);
    });

    test('is not what keys and Enter send together', async () => {
      const { terminal, screen, interrupts } = open();
      terminal.burst('one\r\u001b[A');
      terminal.burst('\u001b\rtwo\r');
      terminal.burst('\r\u0003');
      expect((await nextLine(screen))?.text).toBe('one');
      expect((await nextLine(screen))?.text).toBe('one\ntwo');
      await waitUntil('the interrupt', () => interrupts() === 1, { timeoutMs: 2_000 });
    });
  });

  describe('a text of several lines', () => {
    test.each([
      ['Alt-Enter', '\u001b\r'],
      ['a backslash at the end', '\\\r'],
    ])('is typed with %s', async (_, lineBreak) => {
      const { terminal, screen, shows } = open();
      terminal.type('one');
      terminal.burst(lineBreak);
      terminal.type('two');
      await shows(['● bob> one', 'two']);
      terminal.type('\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: 'one\ntwo' });
    });
  });

  describe('when the process is stopped', () => {
    test('by Ctrl-Z, the terminal is as it was, and goes on with what was typed', async () => {
      const { terminal, screen, shows, kills, job } = open();
      await screen.print(['first']);
      terminal.type('half a li\u001a');
      await shows(['first']);
      expect(kills).toEqual([{ processId: 0, signal: 'SIGTSTP', isRaw: false }]);
      expect(terminal.marksPastes).toBe(false);
      job.emit('SIGCONT');
      await shows(['first', '● bob> half a li']);
      expect(terminal.isRaw).toBe(true);
      terminal.type('ne');
      terminal.paste('!');
      terminal.type('\r');
      expect((await nextLine(screen))?.text).toBe('half a line!');
    });

    test('by others, it is looked after anew', async () => {
      const { terminal, shows, interrupts, job } = open();
      terminal.type('half');
      await shows(['● bob> half']);
      terminal.isRaw = false;
      terminal.marksPastes = false;
      job.emit('SIGCONT');
      expect(terminal.isRaw).toBe(true);
      expect(terminal.marksPastes).toBe(true);
      terminal.type('\u0003');
      await waitUntil('the interrupt', () => interrupts() === 1, { timeoutMs: 2_000 });
    });

    test('in vain, it goes on', async () => {
      const { terminal, shows } = open();
      terminal.type('half\u001a');
      await shows(['● bob> half']);
      expect(terminal.isRaw).toBe(true);
    });

    test('while a secret is typed', async () => {
      const { terminal, screen, shows, job } = open();
      const read = screen.readHidden('secret');
      terminal.type('ps\u001a');
      await shows([]);
      job.emit('SIGCONT');
      await shows(['● secret>']);
      terminal.type('st\r');
      expect(await read).toBe('psst');
    });
  });

  test('at the end the terminal is as it was', async () => {
    const { terminal, screen, job } = open();
    screen.stop();
    await waitUntil('the mode', () => !terminal.isRaw && !terminal.marksPastes, {
      timeoutMs: 2_000,
    });
    expect(job.listenerCount('SIGCONT')).toBe(0);
  });

  test('what is typed while TAB looks is not lost', async () => {
    const { terminal, screen } = open();
    terminal.burst('am\thi\r');
    expect((await nextLine(screen))?.text).toBe('2;;hi');
  });
});
