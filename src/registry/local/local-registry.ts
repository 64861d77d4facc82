/**
 * The registry of one process, for `cim dev` and tests: the same contract without ZooKeeper. A
 * LocalRegistryHub stands for the ensemble, each `join()` for one participant's session with it;
 * the hub's other members are for its participants.
 */
import { CimError } from '../../base/errors.ts';
import { ChangeListeners } from '../change-listeners.ts';
import {
  javaName,
  type LiveRoute,
  type LiveServer,
  type Registry,
  type RegistryState,
  type RegistryView,
  type RouteAnnouncement,
  routeName,
  type ServerAnnouncement,
} from '../registry.ts';
import { type AnnouncedServer, buildView, emptyView } from '../registry-view.ts';

export class LocalRegistryHub {
  readonly changes = new ChangeListeners();
  view: RegistryView = emptyView;
  /** By instance. */
  readonly #servers = new Map<string, AnnouncedServer>();
  /** Who holds an address: its last claimant. */
  readonly #choosable = new Map<string, string>();
  readonly #routes = new Map<string, LiveRoute>();
  #announcements = 0;
  #secret: string | undefined;

  /** A participant; what it announces goes when it closes. */
  join(): Registry {
    return new LocalRegistry(this);
  }

  addServer(server: LiveServer): void {
    this.#announcements += 1;
    this.#servers.set(server.instance, { server, order: this.#announcements });
    this.#choosable.set(javaName(server), server.instance);
    this.#changed();
  }

  updateServer(instance: string, connections: number): void {
    const announced = this.#servers.get(instance);
    if (!announced || announced.server.connections === connections) return;
    this.#servers.set(instance, { ...announced, server: { ...announced.server, connections } });
    this.#changed();
  }

  withdrawServer(server: LiveServer): void {
    const address = javaName(server);
    if (this.#choosable.get(address) !== server.instance) return;
    this.#choosable.delete(address);
    this.#changed();
  }

  removeServer(server: LiveServer): void {
    this.withdrawServer(server);
    if (this.#servers.delete(server.instance)) this.#changed();
  }

  addRoute(route: LiveRoute): void {
    this.#routes.set(routeName(route), route);
    this.#changed();
  }

  removeRoute(route: LiveRoute): void {
    if (this.#routes.get(routeName(route)) !== route) return;
    this.#routes.delete(routeName(route));
    this.#changed();
  }

  agreeOnSecret(draw: () => string): string {
    this.#secret ??= draw();
    return this.#secret;
  }

  #changed(): void {
    const choosable = new Set(this.#choosable.keys());
    this.view = buildView(this.#servers.values(), choosable, this.#routes.values());
    this.changes.changed();
  }
}

class LocalRegistry implements Registry {
  readonly #hub: LocalRegistryHub;
  /** What closing takes back. */
  readonly #leaving = new Set<() => void>();
  #state: RegistryState = 'connected';
  /** The view of a participant that has left stays as it was. */
  #lastView: RegistryView | undefined;

  constructor(hub: LocalRegistryHub) {
    this.#hub = hub;
  }

  get state(): RegistryState {
    return this.#state;
  }

  get problem(): string | null {
    return this.#state === 'closed' ? 'the registry is closed' : null;
  }

  get view(): RegistryView {
    return this.#lastView ?? this.#hub.view;
  }

  isGone(instance: string): boolean {
    return this.#state === 'connected' && !this.view.servers.has(instance);
  }

  onChange(listener: () => void): () => void {
    return this.#onClose(this.#hub.changes.add(listener));
  }

  async whenConnected(): Promise<void> {
    this.#checkOpen();
  }

  async announceServer(server: LiveServer): Promise<ServerAnnouncement> {
    this.#checkOpen();
    this.#hub.addServer(server);
    const leave = this.#onClose(() => this.#hub.removeServer(server));
    return {
      updateLoad: ({ connections }) => this.#hub.updateServer(server.instance, connections),
      withdraw: async () => this.#hub.withdrawServer(server),
      leave: async () => leave(),
    };
  }

  async announceRoute(route: LiveRoute): Promise<RouteAnnouncement> {
    this.#checkOpen();
    const own = { ...route };
    this.#hub.addRoute(own);
    const leave = this.#onClose(() => this.#hub.removeRoute(own));
    return { leave: async () => leave() };
  }

  async agreeOnSecret(draw: () => string): Promise<string> {
    this.#checkOpen();
    return this.#hub.agreeOnSecret(draw);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#lastView = this.#hub.view;
    for (const leave of this.#leaving) leave();
  }

  #onClose(leave: () => void): () => void {
    this.#leaving.add(leave);
    return () => {
      this.#leaving.delete(leave);
      leave();
    };
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new CimError('unavailable', 'the registry is closed');
  }
}
