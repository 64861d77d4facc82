/** A shell in the window of a real terminal (tmux), for what only a terminal, a shell and the kernel can show together. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProcess } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);

/** A terminal with so many columns. */
export async function startTerminal(columns: number): Promise<TestTerminal> {
  const terminal = new TestTerminal(join(temporaryFolder('tmux'), 'socket'));
  await terminal.start(columns);
  return terminal;
}

class TestTerminal {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async start(columns: number): Promise<void> {
    await startProcess({
      name: 'tmux',
      command: 'tmux',
      args: ['-S', this.#socket, '-f', '/dev/null', '-D'],
      ready: () =>
        this.#tmux('list-sessions').then(
          () => true,
          () => false,
        ),
    });
    const size = ['-x', `${columns}`, '-y', '24'];
    await this.#tmux('new-session', '-d', ...size, 'bash --norc --noprofile');
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** `marked`: as a terminal does it that puts marks around what is pasted. */
  async paste(text: string, { marked = true } = {}): Promise<void> {
    await this.#tmux('set-buffer', '--', text);
    await this.#tmux('paste-buffer', ...(marked ? ['-p'] : []));
  }

  /** Stops what runs in the shell, as somebody else may. */
  async stopJob(): Promise<void> {
    const shell = (await this.#tmux('display-message', '-p', '#{pane_pid}')).trim();
    const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8');
    process.kill(Number(children.trim()), 'SIGSTOP');
  }

  /** tmux breaks and joins rows at once, and tells the program up to a quarter of a second later. */
  async resize(columns: number): Promise<void> {
    await this.#tmux('resize-window', '-x', `${columns}`);
    const tty = (await this.#tmux('display-message', '-p', '#{pane_tty}')).trim();
    await waitUntil('the program can know the size', async () => {
      const { stdout } = await run('stty', ['-F', tty, 'size']);
      return stdout.trim().endsWith(` ${columns}`);
    });
  }

  /** What the window shows, without what is blank at the ends. */
  async rows(): Promise<string[]> {
    const shown = await this.#tmux('capture-pane', '-p');
    return shown.trimEnd().split('\n');
  }

  /** Waits until one of the rows is, or has in it, what is looked for; gives all. */
  async whenShown(what: RegExp): Promise<string[]> {
    let rows: string[] = [];
    const isShown = async () => {
      rows = await this.rows();
      return rows.some((row) => what.test(row));
    };
    await waitUntil(`the terminal shows ${what}`, isShown).catch((cause: unknown) => {
      throw new Error(`the terminal does not show ${what}:\n${rows.join('\n')}`, { cause });
    });
    return rows;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-u', '-S', this.#socket, ...args]);
    return stdout;
  }
}
