/** The crowd as the script sees it: a process on a core of its own that does what it is told. */
import { spawn } from 'node:child_process';
import type { CrowdOptions, Ended, FromCrowd, Taken, ToCrowd } from './crowd-order.ts';

export class CrowdProcess {
  readonly #child;
  readonly #ended: Promise<never>;
  #answered: ((answer: FromCrowd) => void) | undefined;

  constructor(options: CrowdOptions, core: number) {
    const words = ['-c', `${core}`, process.execPath, 'bench/scale/crowd.ts'];
    this.#child = spawn('taskset', [...words, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (answer) => this.#answered?.(answer as FromCrowd));
    this.#ended = new Promise((_, reject) => {
      this.#child.once('error', reject);
      this.#child.once('exit', () => reject(new Error('the crowd has ended')));
    });
    this.#ended.catch(() => {
      // Whoever is waiting for an answer then hears of it.
    });
  }

  /** One after the other. Rejects when the crowd has met something that makes figures worthless. */
  async tell(order: ToCrowd): Promise<FromCrowd> {
    const answered = new Promise<FromCrowd>((resolve) => {
      this.#answered = resolve;
    });
    this.#child.send(order);
    const answer = await Promise.race([answered, this.#ended]);
    if (answer.is === 'failed') throw new Error(answer.reason);
    return answer;
  }

  async take(): Promise<Taken> {
    return (await this.tell({ do: 'take' })) as FromCrowd & Taken;
  }

  async end(): Promise<Ended> {
    return (await this.tell({ do: 'end' })) as FromCrowd & Ended;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => {
      // That was the point.
    });
  }
}
