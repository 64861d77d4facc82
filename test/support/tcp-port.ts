/** A TCP port as a server opens it, on a free port of loopback, closed at teardown. */

import type { HostPort } from '../../src/base/network/host-port.ts';
import { Counters } from '../../src/base/process/counters.ts';
import type { ArrivalCounters, OnArrival } from '../../src/net/arrivals.ts';
import { TcpPorts, type TcpPortsOptions } from '../../src/net/tcp-ports.ts';
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
  options: Partial<TcpPortsOptions & HostPort> & { readonly onArrival: OnArrival },
): Promise<{ readonly port: number; readonly ports: TcpPorts }> {
  const ports = new TcpPorts({
    connectionsMax: 1_000,
    clock: new VirtualClock(),
    isTrustedProxy: () => false,
    counters: arrivalCounters(),
    ...options,
  });
  onTeardown(() => ports.close());
  const { host = '127.0.0.1', port: wanted = 0, onArrival } = options;
  const port = await ports.listen({ host, port: wanted }, onArrival);
  return { port, ports };
}
