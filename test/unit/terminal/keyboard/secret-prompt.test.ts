// The question for a secret that `cim send` asks, on a terminal.
import { describe, expect, test } from '@jest/globals';
import { askHiddenLine } from '../../../../src/client/terminal/keyboard/hidden-line.ts';
import { SecretPrompt } from '../../../../src/client/terminal/keyboard/secret-prompt.ts';
import { VirtualTerminal } from '../support/virtual-terminal.ts';

function open() {
  const terminal = new VirtualTerminal(80);
  const host = {
    stdin: terminal.stdin,
    stderr: terminal.stdout,
    on: () => {},
    off: () => {},
    kill: () => {},
  };
  const questions: boolean[] = [];
  const prompt = new SecretPrompt();
  prompt.serve((isWrong) => {
    questions.push(isWrong);
    return askHiddenLine('secret?', host);
  });
  return { terminal, prompt, questions };
}

describe('the secret', () => {
  test('is told, and again where it was wrong', async () => {
    const { terminal, prompt, questions } = open();
    const first = prompt.ask();
    terminal.type('wrong\r');
    expect(await first).toBe('wrong');
    const second = prompt.ask();
    terminal.type('right\r');
    expect(await second).toBe('right');
    expect(questions).toEqual([false, true]);
    expect(terminal.rows).toEqual(['secret?', 'secret?']);
  });

  test.each([
    ['Ctrl-D', '\u0004'],
    ['Ctrl-C', '\u0003'],
    ['Escape', '\u001b'],
  ])('%s: none is given, and nobody is asked again', async (_, key) => {
    const { terminal, prompt, questions } = open();
    const told = prompt.ask();
    terminal.type(`half${key}`);
    const refusal = { kind: 'not-allowed', message: 'no secret given' };
    await expect(told).rejects.toMatchObject(refusal);
    await expect(prompt.ask()).rejects.toMatchObject(refusal);
    expect(questions).toEqual([false]);
  });
});
