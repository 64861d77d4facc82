/**
 * Does to a cluster what the plan says, and undoes it: each fault for its time, or until the run
 * ends. Two faults of one part are never at work at once.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { LocalPart } from '../processes/part.ts';
import type { TcpProxy } from '../processes/tcp-proxy.ts';
import { Pauses } from './pauses.ts';
import { type Fault, type FaultKind, faults } from './plan.ts';

type PartControls = Pick<LocalPart, 'name' | 'kill' | 'stop' | 'start' | 'freeze' | 'thaw'>;
type NetworkControls = Pick<TcpProxy, 'reset' | 'silence' | 'restore'>;

/** What of a cluster can be harmed. */
export interface Harmable {
  readonly redis: PartControls;
  readonly zookeeper: PartControls;
  readonly servers: readonly {
    readonly part: PartControls;
    readonly clients: NetworkControls;
    readonly pushes: NetworkControls;
  }[];
  readonly routes: readonly { readonly part: PartControls; readonly callers: NetworkControls }[];
}

export interface FaultInjectorOptions {
  readonly cluster: Harmable;
  readonly clock: Clock;
  /** Told of every beginning and end, with its moment. */
  readonly onChange: (what: string) => void;
  readonly onProblem: (problem: string) => void;
}

/** How something goes wrong, and how it is made good. */
interface Damage {
  readonly name: string;
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Of `route-kill`: where, and what is done. */
type Where = FaultKind extends `${infer Prefix}-${string}` ? Prefix : never;
type Act = FaultKind extends `${string}-${infer What}` ? What : never;

const tickMs = 10;

export class FaultInjector {
  readonly #options: FaultInjectorOptions;
  readonly #pauses = new Pauses();
  /** The last fault of each part, under way or over. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #present = new Set<string>();
  #ticking: Timer | undefined;

  constructor(options: FaultInjectorOptions) {
    this.#options = options;
  }

  /** What is wrong now, for people. */
  get present(): string {
    return [...this.#present].join(', ');
  }

  begin(plan: readonly Fault[]): void {
    const startMs = performance.now();
    const left = [...plan];
    this.#ticking = this.#options.clock.setInterval(() => {
      while (left[0] && left[0].atMs <= performance.now() - startMs) this.#queue(left.shift());
    }, tickMs);
  }

  /** Resolves when all is well again. */
  async heal(): Promise<void> {
    this.#ticking?.cancel();
    this.#pauses.endAll();
    await Promise.all(this.#last.values());
  }

  #queue(fault: Fault | undefined): void {
    const damage = fault && damageOf(this.#options, fault);
    if (!damage) return;
    const before = this.#last.get(damage.name) ?? Promise.resolve();
    this.#last.set(
      damage.name,
      before.then(() => this.#act(damage, fault)),
    );
  }

  async #act({ name, begin, end }: Damage, { kind, forMs }: Fault): Promise<void> {
    const { onChange, onProblem } = this.#options;
    const { part, text } = faults[kind];
    // `server killed` of `server 2` is `server 2 killed`.
    const what = text.replace(new RegExp(`^${part}`), name);
    this.#present.add(what);
    onChange(`${what}, for ${forMs} ms`);
    try {
      await begin();
      await this.#pauses.pause(forMs);
      await end();
    } catch (error) {
      onProblem(describeError(error));
    }
    this.#present.delete(what);
    onChange(`over: ${what}`);
  }
}

function damageOf(
  { cluster, onProblem }: FaultInjectorOptions,
  { kind, target }: Fault,
): Damage | undefined {
  const [where, act] = kind.split('-') as [Where, Act];
  const [server, route] = [cluster.servers[target], cluster.routes[target]];
  const { part, network } = {
    server: { part: server?.part, network: server?.clients },
    push: { part: server?.part, network: server?.pushes },
    route: { part: route?.part, network: route?.callers },
    redis: { part: cluster.redis, network: undefined },
    zookeeper: { part: cluster.zookeeper, network: undefined },
  }[where];
  if (!part) return undefined;
  const { name } = part;
  switch (act) {
    case 'kill':
      return { name, begin: () => part.kill(), end: () => part.start() };
    case 'freeze':
      return { name, begin: () => part.freeze(), end: () => part.thaw() };
    case 'restart':
      return { name, begin: () => stopPolitely(part, onProblem), end: () => part.start() };
    case 'cut':
      return { name, begin: () => network?.reset(), end: () => {} };
    case 'silence':
      return { name, begin: () => network?.silence(), end: () => network?.restore() };
  }
}

/** As an operator does it; a role ends in good order, whatever else is broken at the time. */
async function stopPolitely(part: PartControls, onProblem: (problem: string) => void) {
  const ending = await part.stop();
  if (ending !== '0') onProblem(`${part.name} was told to stop and ended with ${ending}`);
}
