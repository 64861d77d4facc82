/**
 * The roles as a user runs them: processes of the packaged executable, on free ports, read through
 * their ready lines and JSON events. System tests and the demo speak through these.
 */
import { join } from 'node:path';
import { readyAddresses } from '../../src/processes/local-process.ts';
import { startProcess, TestProcess } from './processes.ts';
import { secretOf } from './secret-of.ts';
import { onTeardown } from './teardown.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { hopelessMs, waitUntil } from './wait-until.ts';

export const executable = join(process.cwd(), 'bin', 'cim');

/** A role that has printed its ready line. */
export interface Role {
  readonly process: TestProcess;
  /** Addresses of the ready line, by name: `tcp`, `http`, `route`. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface RoleOptions {
  /** So many file descriptors. */
  readonly descriptors?: number;
  /** Another executable than today's. */
  readonly program?: string;
}

/** Starts `cim <args>` and waits for its ready line. */
export async function startRole(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
  { descriptors, program = executable }: RoleOptions = {},
): Promise<Role> {
  const limited = ['-c', `ulimit -n ${descriptors} && exec "$0" "$@"`, program];
  const started = await startProcess({
    name: `cim ${name}`,
    command: descriptors === undefined ? program : 'bash',
    args: [...(descriptors === undefined ? [] : limited), name, ...args],
    env: { CIM_LOG_LEVEL: 'warn', ...env },
    ready: (process) => readyAddresses(process) !== undefined,
  });
  return { process: started, addresses: readyAddresses(started) ?? {} };
}

export function startDevelopment(args: readonly string[] = ['--data', ':memory:']): Promise<Role> {
  return startRole('dev', ['--port', '0', '--http-port', '0', '--route-port', '0', ...args]);
}

export function startServer(
  zk: string,
  args: readonly string[] = [],
  { port = 0, ...options }: RoleOptions & { port?: number } = {},
): Promise<Role> {
  const where = ['--port', String(port), '--http-port', '0', '--host', '127.0.0.1', '--zk', zk];
  return startRole('server', [...where, ...args], {}, options);
}

export function startRoute(zk: string, redis: string, args: readonly string[] = []): Promise<Role> {
  return startRole('route', [
    '--port',
    '0',
    '--host',
    '127.0.0.1',
    '--zk',
    zk,
    '--redis',
    redis,
    ...args,
  ]);
}

/** One line of a client's `--json` output. */
export interface ClientEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface ClientOptions {
  readonly userId: number;
  readonly name: string;
  /** Route URLs. */
  readonly routes: readonly string[];
  /** Its state folder; a fresh one by default. */
  readonly state?: string;
  /** Of the account; the same on all devices of the user by default. Null: what is in the folder. */
  readonly secret?: string | null;
  readonly args?: readonly string[];
  /** Another executable than today's. */
  readonly program?: string;
}

/** `cim client --json`, spoken to by lines and heard by events. */
export class Client {
  readonly process: TestProcess;
  readonly userId: number;
  readonly name: string;
  readonly #events: ClientEvent[] = [];
  #readTo = 0;

  private constructor(started: TestProcess, userId: number, name: string) {
    this.process = started;
    this.userId = userId;
    this.name = name;
  }

  static start({
    userId,
    name,
    routes,
    state = temporaryFolder('client'),
    secret = secretOf(userId),
    args = [],
    program = executable,
  }: ClientOptions): Client {
    const started = new TestProcess({
      name: `client ${name}`,
      command: program,
      args: [
        'client',
        ...['--user-id', String(userId), '--name', name, '--state', state, '--json', '--listen'],
        ...routes.flatMap((route) => ['--route', route]),
        ...args,
      ],
      env: secret === null ? {} : { CIM_SECRET: secret },
    });
    onTeardown(() => started.stop());
    return new Client(started, userId, name);
  }

  /** Starts it and waits until it is logged in. */
  static async ready(options: ClientOptions): Promise<Client> {
    const client = Client.start(options);
    await client.whenEvent('is ready', ({ event }) => event === 'ready');
    return client;
  }

  /** What it has told so far. Each line is read once: tests look often, and some clients say much. */
  get events(): readonly ClientEvent[] {
    const { stdout } = this.process;
    for (;;) {
      const end = stdout.indexOf('\n', this.#readTo);
      if (end < 0) return this.#events;
      const line = stdout.slice(this.#readTo, end);
      if (line !== '') this.#events.push(JSON.parse(line) as ClientEvent);
      this.#readTo = end + 1;
    }
  }

  /** Types a line. */
  say(line: string): void {
    this.process.write(`${line}\n`);
  }

  whenEvent(
    what: string,
    matches: (event: ClientEvent) => boolean,
    timeoutMs = hopelessMs,
  ): Promise<ClientEvent> {
    return waitUntil(`${this.name}: ${what}`, () => this.events.find(matches), {
      timeoutMs,
    }).catch((error: unknown) => {
      throw new Error(`${this.name} did not: ${what}\n${this.process.output}`, { cause: error });
    });
  }

  /** The texts shown so far, in order. */
  get texts(): unknown[] {
    return this.events.filter(({ event }) => event === 'message').map(({ text }) => text);
  }

  whenText(text: string, timeoutMs?: number): Promise<ClientEvent> {
    return this.whenEvent(
      `reads ${text}`,
      (event) => event.event === 'message' && event['text'] === text,
      timeoutMs,
    );
  }

  /** Waits until as many lines were acknowledged. */
  whenSent(lines: number, timeoutMs?: number): Promise<unknown> {
    return this.whenEvent(
      `has ${lines} lines acknowledged`,
      () => this.events.filter(({ event }) => event === 'sent').length >= lines,
      timeoutMs,
    );
  }

  /** Types a command and waits for its result. */
  async ask(command: string): Promise<unknown> {
    const before = this.events.filter(({ event }) => event === 'result').length;
    this.say(command);
    await this.whenEvent(
      `answers ${command}`,
      () => this.events.filter(({ event }) => event === 'result').length > before,
    );
    return this.events.filter(({ event }) => event === 'result').at(before)?.['data'];
  }

  /** Ends its input politely and waits for its exit code. */
  async quit(): Promise<number | NodeJS.Signals> {
    this.say(':q');
    return this.process.exited;
  }
}
