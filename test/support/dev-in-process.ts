/** `cim dev` in this process, with the settings that it has by default, gone at teardown. */

import { createLogger } from '../../src/base/log.ts';
import type { HostPort } from '../../src/base/network/host-port.ts';
import { loadSettings } from '../../src/config/load.ts';
import { startDev } from '../../src/dev/main.ts';
import { onTeardown } from './teardown.ts';

/** `given`: flags, by name. */
export interface DevInProcess {
  readonly tcp: HostPort;
  readonly ws: HostPort;
  readonly route: HostPort;
  stop(): Promise<void>;
}

export async function startDevInProcess(
  given: Readonly<Record<string, string | number>>,
): Promise<DevInProcess> {
  const flags = { port: 0, 'http-port': 0, 'route-port': 0, 'log-level': 'silent', ...given };
  const { settings } = await loadSettings('dev', {
    flags: Object.fromEntries(
      Object.entries(flags).map(([name, value]) => [name, [String(value)]]),
    ),
    env: {},
  });
  const running = await startDev(settings, createLogger('test', 'silent'));
  onTeardown(() => running.stop());
  const { tcp, ws, route } = running.addresses;
  return {
    tcp: tcp as HostPort,
    ws: ws as HostPort,
    route: route as HostPort,
    stop: () => running.stop(),
  };
}
