// What is being typed survives everything that is printed, on a terminal that shows what a person
// would see.
import { describe, expect, test } from '@jest/globals';
import { completeLine } from '../../../src/client/terminal/completion.ts';
import type { ReadLine } from '../../../src/client/terminal/line-splitter.ts';
import { Output } from '../../../src/client/terminal/output.ts';
import { TerminalScreen } from '../../../src/client/terminal/terminal-screen.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { VirtualTerminal } from './support/virtual-terminal.ts';

function open(columns = 30) {
  const terminal = new VirtualTerminal(columns);
  const { stdin, stdout } = terminal;
  let interrupts = 0;
  const screen = new TerminalScreen({
    stdin,
    stdout,
    output: new Output(stdout),
    userName: 'bob',
    isColoured: false,
    complete: async (line) =>
      completeLine(line, { online: [{ userId: 2, userName: 'amy' }], groups: [] }),
    onInterrupt: () => {
      interrupts += 1;
    },
  });
  onTeardown(() => screen.stop());
  screen.showConnected(true);
  const shows = (rows: readonly string[]) =>
    waitUntil(
      'the terminal shows it',
      () => JSON.stringify(terminal.rows) === JSON.stringify(rows),
      { timeoutMs: 2_000, pollMs: 1 },
    ).catch(() => expect(terminal.rows).toEqual(rows));
  return { terminal, screen, shows, interrupts: () => interrupts };
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
    await screen.print(['10:05 amy (2): hello']);
    await shows(['10:05 amy (2): hello', '● bob> half a li']);
    terminal.type('ne');
    await screen.print(['more', 'and more']);
    await shows(['10:05 amy (2): hello', 'more', 'and more', '● bob> half a line']);
  });

  test.each(['type', 'paste'] as const)(
    'however long that is, around the edge of a row (%s)',
    async (way) => {
      const columns = 30;
      for (let length = 20; length <= 60; length += 1) {
        const { terminal, screen, shows } = open(columns);
        await screen.print(['first']);
        const text = 'abcdefghij'.repeat(6).slice(0, length);
        terminal[way](text);
        const typed = `● bob> ${text}`.match(/.{1,30}/g) ?? [];
        await shows(['first', ...typed]);
        await screen.print(['above']);
        await shows(['first', 'above', ...typed]);
        screen.showConnected(false);
        await shows(['first', 'above', ...(`○ bob> ${text}`.match(/.{1,30}/g) ?? [])]);
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
    await shows(['… one', '… two, a line that is too lo…', '● bob> three']);
    await screen.settle(2, ['two ✓']);
    await shows(['two ✓', '… one', '● bob> three']);
    await screen.settle(1, ['one ✗']);
    await shows(['two ✓', 'one ✗', '● bob> three']);
  });

  test('Enter takes the whole line, with the cursor at its beginning', async () => {
    const { terminal, screen, shows } = open();
    await screen.print(['first']);
    terminal.type('a line that is too long for one row\u0001\r');
    await shows(['first', '… a line that is too long fo…', '● bob>']);
  });

  test('lines are pasted, one of which fills a row', async () => {
    const { terminal, screen, shows } = open();
    await screen.print(['first']);
    terminal.paste('a line that fills a row\nhalf a line');
    await shows(['first', '… a line that fills a row', '● bob> half a line']);
  });

  test('of many lines that wait the first are shown', async () => {
    const { terminal, screen, shows } = open();
    terminal.paste('1\n2\n3\n4\n5\n6\n');
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

  describe('what is not to be seen', () => {
    test('is read and not shown; what was typed before is still there', async () => {
      const { terminal, screen, shows } = open();
      terminal.type('half a li');
      await shows(['● bob> half a li']);
      const read = screen.readHidden('secret');
      await shows(['● secret> half a li']);
      terminal.type('pssx\u007ft');
      await screen.print(['10:05 amy (2): hello']);
      screen.showConnected(false);
      await shows(['10:05 amy (2): hello', '○ secret> half a li']);
      terminal.type('\r');
      expect(await read).toBe('psst');
      await shows(['10:05 amy (2): hello', '○ bob> half a li']);
      terminal.type('ne\r');
      expect(await nextLine(screen)).toEqual({ number: 1, text: 'half a line' });
    });

    test('may be pasted with its end and something more, and typed anew', async () => {
      const { terminal, screen, shows } = open();
      const first = screen.readHidden('secret');
      terminal.paste('psst\rand more');
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
    terminal.paste('a\u0085b\r');
    await shows(['… a\ufffdb', '● bob>']);
  });
});
