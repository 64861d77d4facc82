/**
 * Where clients connect. A listener is an entry of this list: a port, and what is spoken there. TLS,
 * PROXY headers, the bounds of connections, the drain and an endpoint of its kind in the server's
 * address come by themselves.
 */
import type { DevSettings, ServerSettings } from '../config/settings.ts';
import type { Gateway } from './gateway.ts';
import { cimOrJava } from './protocols/cim-or-java.ts';
import type { Wire } from './protocols/protocol.ts';

export type ListenerSettings = ServerSettings | DevSettings;

export interface Listener {
  /** Of its endpoint (src/base/network/role-address.ts). */
  readonly kind: string;
  /** Undefined: it is not opened. Port 0 takes a free one. */
  readonly port: (settings: ListenerSettings) => number | undefined;
  /** What sets it, for whoever finds it taken. */
  readonly option: string;
  /** What others connect to, if that is another one. */
  readonly advertisedPort: (settings: ListenerSettings) => number | undefined;
  readonly wire: (gateway: Gateway) => Wire;
}

export const listeners: readonly Listener[] = [
  {
    kind: 'tcp',
    port: ({ port }) => port,
    option: '--port',
    advertisedPort: ({ advertisePort }) => advertisePort,
    wire: cimOrJava,
  },
];
