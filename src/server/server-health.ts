/** What a server says of itself at /readyz. */
import type { Health } from '../base/process/health.ts';
import type { Registry } from '../registry/registry.ts';
import { watchRegistry } from '../registry/registry-health.ts';
import type { Gateway } from './gateway.ts';

export interface ServerParts {
  readonly gateway: Pick<Gateway, 'isMoving'>;
  readonly registry: Pick<Registry, 'state' | 'problem' | 'view'>;
  /** Routes that can be asked, as far as is known. */
  readonly usableRoutes: () => number;
}

export function watchServer(
  health: Health,
  { gateway, registry, usableRoutes }: ServerParts,
): void {
  watchRegistry(health, registry);
  health.watch({
    name: 'draining',
    fault: 'own',
    meaning: 'it let everybody go elsewhere',
    log: 'life',
    look: () => (gateway.isMoving ? 'it takes no more logins' : null),
  });
  const areNone = () => registry.state === 'connected' && registry.view.routes.length === 0;
  health.watch({
    name: 'no-route',
    fault: 'shared',
    meaning: 'there was no route',
    look: () => (usableRoutes() === 0 && areNone() ? 'there is no route' : null),
  });
  health.watch({
    name: 'route-connection',
    fault: 'own',
    meaning: 'no route could be reached',
    look: () => (usableRoutes() === 0 && !areNone() ? 'no route can be reached' : null),
  });
}
