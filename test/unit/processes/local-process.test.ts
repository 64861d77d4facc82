// Goal: whoever starts a process hears how it ended, and why. Method: small programs of Node.js.
import { expect, test } from '@jest/globals';
import { AskedProcess } from '../../../src/processes/asked-process.ts';
import { LocalProcess, readyAddresses } from '../../../src/processes/local-process.ts';
import { onTeardown } from '../../support/teardown.ts';

function node(program: string) {
  return { name: 'it', command: process.execPath, args: ['-e', program] };
}

function started<Process extends LocalProcess>(process: Process): Process {
  onTeardown(() => process.kill());
  return process;
}

test.each([
  ['by itself', 'process.exit(3)', 'it ended with 3'],
  ['with a last word', "console.log('one\\ntwo'); process.exit(3)", 'it ended with 3: two'],
  [
    'by a signal',
    "process.stdout.write('one\\n', () => process.kill(process.pid, 'SIGKILL'))",
    'it ended with SIGKILL',
  ],
  [
    'over what it has thrown, and not where',
    "throw new TypeError('it is not so')",
    'it ended with 1: TypeError: it is not so',
  ],
])('a process that ends %s says so', async (_, program, how) => {
  expect(await started(new LocalProcess(node(program))).whenEnded()).toBe(how);
});

test('what it has said until it was ready is no reason for its end', async () => {
  const process = await LocalProcess.start(
    node("console.log('ready'); setInterval(() => {}, 1000)"),
    ({ stdout }) => stdout.includes('ready'),
  );
  await process.kill();
  expect(await process.whenEnded()).toBe('it ended with SIGKILL');
});

test('a process that is waited for in vain has ended', async () => {
  const ending = new AbortController();
  const starting = LocalProcess.start(
    node('setInterval(() => {}, 1000)'),
    () => {
      ending.abort();
      return false;
    },
    ending.signal,
  );
  await expect(starting).rejects.toThrow('abort');
});

test('of what it prints the end is kept', async () => {
  const program = node("process.stdout.write('x'.repeat(1e6) + 'end')");
  const process = started(new LocalProcess({ ...program, charactersMax: 5 }));
  await process.exited;
  expect(process.stdout).toBe('xxend');
});

test('the addresses of a ready line', () => {
  const stdout = 'cim dev ready tcp=127.0.0.1:9000 route=[::1]:8083\n';
  expect(readyAddresses({ stdout })).toEqual({ tcp: '127.0.0.1:9000', route: '[::1]:8083' });
  expect(readyAddresses({ stdout: stdout.trimEnd() })).toBeUndefined();
});

test('questions are answered, or refused with the error that was met', async () => {
  const path = JSON.stringify(require.resolve('../../../src/processes/asked-process.ts'));
  const errors = JSON.stringify(require.resolve('../../../src/base/errors.ts'));
  const asked = started(
    new AskedProcess<{ number: number }, number>(
      node(`
        import(${path}).then(async ({ answerQuestions }) => {
          const { CimError } = await import(${errors});
          await answerQuestions(async ({ number }) => {
            if (number === 0) throw new CimError('usage', 'not zero');
            if (number < 0) throw new TypeError('a bug');
            return 2 * number;
          });
        });`),
    ),
  );
  expect(await asked.ask({ number: 2 })).toBe(4);
  await expect(asked.ask({ number: 0 })).rejects.toMatchObject({
    kind: 'usage',
    message: 'not zero',
  });
  await expect(asked.ask({ number: -1 })).rejects.toThrow('it ended with 1: TypeError: a bug');
  await expect(asked.ask({ number: 2 })).rejects.toThrow('it ended with 1');
});

test('one that nobody asks any more ends', async () => {
  const path = JSON.stringify(require.resolve('../../../src/processes/asked-process.ts'));
  const program = node(`import(${path}).then(({ answerQuestions }) => answerQuestions())`);
  const asked = started(new AskedProcess(program));
  await asked.dismiss();
  expect(await asked.exited).toBe(0);
});
