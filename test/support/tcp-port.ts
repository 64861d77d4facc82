/** A TCP port as a server opens it, on a free port of loopback, closed at teardown. */
import { Counters } from '../../src/base/counters.ts';
import type { ArrivalCounters } from '../../src/net/arrivals.ts';
import {
  listenTcp,
  type TcpListener,
  type TcpListenerOptions,
} from '../../src/net/tcp-listener.ts';
import { onTeardown } from './teardown.ts';
import { VirtualClock } from './virtual-clock.ts';

export function arrivalCounters(): ArrivalCounters {
  const counters = new Counters();
  return {
    silent: counters.add('silent', ''),
    refused: counters.add('refused', ''),
    malformed: counters.add('malformed', ''),
  };
}

/** Without proxies, with room enough and a clock that stands still, unless something else is said. */
export async function openTcpPort(
  options: Partial<TcpListenerOptions> & Pick<TcpListenerOptions, 'onArrival'>,
): Promise<TcpListener> {
  const listener = await listenTcp({
    host: '127.0.0.1',
    port: 0,
    connectionsMax: 1_000,
    clock: new VirtualClock(),
    isTrustedProxy: () => false,
    counters: arrivalCounters(),
    ...options,
  });
  onTeardown(() => listener.close());
  return listener;
}
