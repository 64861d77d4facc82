/**
 * The live screen of `cim top`: on the alternate screen of the terminal, which is as it was when this
 * ends, however it ends. Keys: s sorts otherwise, / filters, q or Ctrl-C ends.
 */
import { decodeUtf8 } from '../../base/text/utf8.ts';
import type { Host } from '../command.ts';
import { type Sorting, sortings, type TopRole, topLines } from './top-view.ts';

/** What is shown: the roles, or why they are not known. */
export type TopPicture = { readonly roles: readonly TopRole[] } | { readonly problem: string };

export interface TopScreenOptions {
  readonly host: Pick<Host, 'stdin' | 'stdout' | 'on' | 'off'>;
  readonly look: () => Promise<TopPicture>;
}

const refreshMs = 2_000;
const filterCharactersMax = 64;

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';
const inverse = (text: string) => `\x1b[7m${text}\x1b[0m`;

export class TopScreen {
  readonly #options: TopScreenOptions;
  readonly #over = Promise.withResolvers<void>();
  #picture: TopPicture = { problem: 'asking the cluster …' };
  #sorting: Sorting = 'role';
  #filter = '';
  /** The filter is being typed. */
  #isTyping = false;
  #isLooking = false;

  constructor(options: TopScreenOptions) {
    this.#options = options;
  }

  /** Resolves when somebody ends it; rejects with what `look` rejects with. */
  async run(): Promise<void> {
    const { host } = this.#options;
    const { stdin, stdout } = host;
    const draw = () => this.#draw();
    const press = (bytes: Buffer) => this.#press(decodeUtf8(bytes) ?? '');
    const end = () => this.#over.resolve();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    stdout.write(enter);
    stdin.setRawMode(true);
    stdin.on('data', press).on('end', end);
    stdout.on('resize', draw);
    for (const signal of signals) host.on(signal, end);
    const looking = setInterval(() => void this.#look(), refreshMs);
    try {
      void this.#look();
      await this.#over.promise;
    } finally {
      clearInterval(looking);
      for (const signal of signals) host.off(signal, end);
      stdout.off('resize', draw);
      stdin.off('data', press).off('end', end);
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(leave);
    }
  }

  /** One at a time: a cluster that answers slowly is not asked the more for it. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#picture = await this.#options.look();
      this.#draw();
    } catch (error) {
      this.#over.reject(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #press(keys: string): void {
    for (const key of keys) {
      if (key === '\x03' || (key === 'q' && !this.#isTyping)) return this.#over.resolve();
      if (this.#isTyping) this.#type(key);
      else if (key === 's') this.#sorting = after(this.#sorting);
      else if (key === '/') this.#isTyping = true;
    }
    this.#draw();
  }

  #type(key: string): void {
    if (key === '\r' || key === '\x1b') this.#isTyping = false;
    if (key === '\x1b') this.#filter = '';
    else if (key === '\x7f') this.#filter = this.#filter.slice(0, -1);
    else if (key >= ' ' && this.#filter.length < filterCharactersMax) this.#filter += key;
  }

  #draw(): void {
    const { columns = 80, rows = 24 } = this.#options.host.stdout;
    const filter = this.#isTyping || this.#filter !== '' ? `  filter: ${this.#filter}` : '';
    const status = `cim top  s: by ${this.#sorting}  /: filter  q: quit${filter}`;
    const layout = { columns, rows: rows - 2, sorting: this.#sorting, filter: this.#filter };
    const lines =
      'problem' in this.#picture ? [this.#picture.problem] : topLines(this.#picture.roles, layout);
    const shown = [inverse(status.slice(0, columns).padEnd(columns)), ...lines];
    this.#options.host.stdout.write(
      home + shown.map((line) => `${line}${clearLine}`).join('\r\n') + clearBelow,
    );
  }
}

function after(sorting: Sorting): Sorting {
  return sortings[(sortings.indexOf(sorting) + 1) % sortings.length] ?? 'role';
}
