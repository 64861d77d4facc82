/** Ports whose defaults hang on other ports. */
import type { ServerSettings } from './settings.ts';

/** Unless it is told another one. */
const webSocketPort = 8_082;

export function webSocketPortOf({ wsPort, port }: Pick<ServerSettings, 'wsPort' | 'port'>): number {
  return wsPort ?? (port === 0 ? 0 : webSocketPort);
}
