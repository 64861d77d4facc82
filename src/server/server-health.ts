/** What a server says of itself at /readyz. */
import type { Clock } from '../base/clock.ts';
import type { Health } from '../base/process/health.ts';
import type { Registry } from '../registry/registry.ts';
import { watchRegistry } from '../registry/registry-health.ts';
import type { Gateway } from './gateway.ts';
import { slowReaders } from './slow-readers.ts';

export interface ServerParts {
  readonly gateway: Pick<Gateway, 'isMoving' | 'counters' | 'connectionCount' | 'behindCount'>;
  readonly registry: Pick<Registry, 'state' | 'problem' | 'view'>;
  /** Routes that can be asked, as far as is known. */
  readonly usableRoutes: () => number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export function watchServer(
  health: Health,
  { gateway, registry, usableRoutes, clock }: ServerParts,
): void {
  watchRegistry(health, registry);
  const whether = (isSo: boolean) => (isSo ? '' : null);
  health.watch('draining', () => whether(gateway.isMoving));
  const areNone = () => registry.state === 'connected' && registry.view.routes.length === 0;
  const { behind, closed } = gateway.counters;
  const slow = () => behind.value + closed.slow.value;
  const connections = () => gateway.connectionCount;
  const behindNow = () => gateway.behindCount;
  health.watch('slow-readers', slowReaders({ slow, behindNow, connections, clock }));
  health.watch('no-route', () => whether(usableRoutes() === 0 && areNone()));
  health.watch('route-connection', () => whether(usableRoutes() === 0 && !areNone()));
}
