/** One worker: another process of this cim, as the process that looks after it sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { ignore } from '../../base/ignore.ts';
import { ownProgram } from '../../base/process/own-program.ts';
import {
  type LeaderMessage,
  type WorkerMessage,
  workerVariable,
} from '../../base/process/worker-channel.ts';

export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Addresses of a ready line, by name. */
export type ReadyAddresses = ReadonlyMap<string, string>;

export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Undefined: it has ended before it was ready. */
  readonly ready: Promise<ReadyAddresses | undefined>;
  readonly ended: Promise<WorkerEnd>;

  /** `env`: beside what this process has. `onMessage`: what it says. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    onMessage: (message: WorkerMessage) => void,
  ) {
    const own = ownProgram();
    // The channel is closed with this process: so a worker knows that nobody looks after it any more.
    this.#child = spawn(own.program, [...own.args, ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // So that figures that are no numbers stay what they are.
      serialization: 'advanced',
      env: { ...process.env, ...env, [workerVariable]: '1' },
    });
    this.#child.on('message', onMessage);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve({ code: null, signal: null }));
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.ready = Promise.race([this.#readyLine(), this.ended.then(() => undefined)]);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** False if it has ended, or is about to. */
  say(message: LeaderMessage): boolean {
    if (!this.#child.connected) return false;
    this.#child.send(message, ignore('it has ended meanwhile'));
    return true;
  }

  #readyLine(): Promise<ReadyAddresses> {
    return new Promise((resolve) => {
      let printed = '';
      this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const line = /^cim \w+ ready (.*)\n/m.exec(printed)?.[1];
        if (line === undefined) return;
        resolve(new Map(line.split(' ').map(splitWord)));
        printed = '';
      });
    });
  }
}

/** `tcp=127.0.0.1:9000` */
function splitWord(word: string): [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}
