/**
 * All roles of the cluster, asked how they are by the route that an operator asks. Others are asked
 * over their HTTP ports, as an operator would: they tell nobody else. Who does not answer in time is
 * in the picture all the same, with what the registry knows and why there is no more.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { originOf } from '../../base/network/role-address.ts';
import type { LastHour } from '../../base/process/vitals.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import type { JsonRequest, requestJson } from '../../http/client.ts';
import { requestAsOperator } from '../../http/operator-call.ts';
import { Semaphore } from '../../http/semaphore.ts';
import {
  hourOf,
  type RoleSource,
  type RoleStatus,
  statusOf,
  statusPath,
  vitalsPath,
} from '../../http/status.ts';
import { endpointOfRole, type Registry, routeName, serverName } from '../../registry/registry.ts';

/** As the registry knows it. */
export interface KnownRole {
  readonly role: 'route' | 'server';
  readonly instance: string;
  /** `host:port` by which people call it. */
  readonly address: string;
  readonly version: string;
}

/** A role, and what it answered; or why it did not. */
export type Told<Answer> = KnownRole & (Answer | { readonly silent: string });

export interface ClusterRolesOptions {
  /** Those of this process, which are asked without a call. */
  readonly own: () => readonly RoleSource[];
  /** The others; none in a process of its own. */
  readonly others?: {
    readonly registry: Pick<Registry, 'view'>;
    readonly request: typeof requestJson;
    /** Undefined until the roles have agreed on a secret. */
    readonly clusterKey: () => ClusterKey | undefined;
  };
}

interface AskedRole extends KnownRole {
  readonly origin: string;
}

export class ClusterRoles {
  readonly #options: ClusterRolesOptions;
  readonly #asking = new Semaphore(limits.rolesAskedAtOnceMax);

  constructor(options: ClusterRolesOptions) {
    this.#options = options;
  }

  /** How each of them is, servers behind routes, by their addresses. */
  status(): Promise<readonly Told<RoleStatus>[]> {
    return this.#gather(statusPath, statusOf);
  }

  /** How each fared in the last hour. */
  lastHour(): Promise<readonly Told<LastHour>[]> {
    return this.#gather(vitalsPath, hourOf);
  }

  /** What all other routes answer; those that do not are left out. */
  async askRoutes<Answer extends object>(path: string, body: object): Promise<readonly Answer[]> {
    const own = new Set(this.#options.own().map((source) => source.about().instance));
    const routes = this.#others().filter(
      (role) => role.role === 'route' && !own.has(role.instance),
    );
    const call = { method: 'POST', body } as const;
    const answers = routes.map((route) =>
      this.#asking.run(() => this.#ask<Answer>(route, path, call)),
    );
    return (await Promise.all(answers)).flatMap((answer) => ('silent' in answer ? [] : [answer]));
  }

  async #gather<Answer extends object>(
    path: string,
    ownAnswer: (source: RoleSource) => Answer,
  ): Promise<readonly Told<Answer>[]> {
    const own = this.#options.own().map((source) => {
      const { role, instance, address, version } = source.about();
      return { role, instance, address, version, ...ownAnswer(source) };
    });
    const known = new Set(own.map(({ instance }) => instance));
    const others = this.#others().filter(({ instance }) => !known.has(instance));
    const answers = others.map((other) => this.#asking.run(() => this.#ask<Answer>(other, path)));
    return [...own, ...(await Promise.all(answers))].sort(inOrder);
  }

  async #ask<Answer extends object>(
    { origin, ...known }: AskedRole,
    path: string,
    call: Pick<JsonRequest, 'method' | 'body'> = { method: 'GET' },
  ): Promise<Told<Answer>> {
    const { others } = this.#options;
    const key = others?.clusterKey();
    if (!others || !key) return { ...known, silent: 'no cluster secret is known yet' };
    try {
      // Whoever has proven to know the secret is believed to be a role, of whatever version.
      const timed = { ...call, timeoutMs: limits.roleAnswerMsMax };
      const answer = (await requestAsOperator(others.request, key, origin, path, timed)) as Answer;
      return { ...answer, ...known };
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      const isOlder = error.kind === 'not-found';
      return {
        ...known,
        silent: isOlder ? 'it is of a version that does not tell' : error.message,
      };
    }
  }

  #others(): AskedRole[] {
    const { others } = this.#options;
    if (!others) return [];
    const { routes, servers } = others.registry.view;
    const asked = [
      ...routes.map((route) => ({ role: 'route' as const, name: routeName(route), ...route })),
      ...[...servers.values()].map((server) => {
        return { role: 'server' as const, name: serverName(server), ...server };
      }),
    ];
    return asked
      .slice(0, limits.rolesAskedMax)
      .map(({ role, name, instance, version, address }) => {
        const origin = originOf(endpointOfRole({ address }, 'http'));
        return { role, instance, address: name, version, origin };
      });
  }
}

function inOrder(one: KnownRole, other: KnownRole): number {
  const [first, second] = [one, other].map(({ role, address }) => `${role} ${address}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}
