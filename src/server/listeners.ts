/**
 * Where clients connect. A listener is an entry of this list: a port, and what is spoken there. TLS,
 * PROXY headers, the bounds of connections, the drain and an endpoint of its kind in the server's
 * address come by themselves.
 */
import { webSocketPortOf } from '../config/listening-ports.ts';
import type { DevSettings, ServerSettings } from '../config/settings.ts';
import type { Gateway } from './gateway.ts';
import { cimWire } from './protocols/cim/cim-wire.ts';
import { cimOrJava } from './protocols/cim-or-java.ts';
import { mqttWire } from './protocols/mqtt/mqtt-wire.ts';
import type { Wire } from './protocols/protocol.ts';

export type ListenerSettings = ServerSettings | DevSettings;

export interface Listener {
  /** Of its endpoint (src/base/network/role-address.ts). */
  readonly kind: string;
  /** Undefined: it is not opened. Port 0 takes a free one. */
  readonly port: (settings: ListenerSettings) => number | undefined;
  /** Whether its connections are WebSockets, with the bytes in their messages. */
  readonly isWebSocket: boolean;
  /** What sets it, for whoever finds it taken. */
  readonly option: string;
  /** What others connect to, if that is another one. */
  readonly advertisedPort: (settings: ListenerSettings) => number | undefined;
  /** What others are told instead of host and port, if something stands in front. */
  readonly publicUrl: (settings: ListenerSettings) => string | undefined;
  readonly wire: (gateway: Gateway) => Wire;
  /** Of WebSockets: what else is spoken, by sub-protocol. */
  readonly others?: (
    settings: ListenerSettings,
    gateway: Gateway,
  ) => Readonly<Record<string, Wire>>;
}

export const listeners: readonly Listener[] = [
  {
    kind: 'tcp',
    port: ({ port }) => port,
    isWebSocket: false,
    option: '--port',
    advertisedPort: ({ advertisePort }) => advertisePort,
    publicUrl: () => undefined,
    wire: cimOrJava,
  },
  {
    kind: 'ws',
    port: webSocketPortOf,
    isWebSocket: true,
    option: '--ws-port',
    advertisedPort: () => undefined,
    publicUrl: ({ publicUrl }) => publicUrl,
    wire: cimWire,
    others: ({ mqttPort }, gateway) => {
      if (mqttPort === undefined) return {};
      const wire = mqttWire(gateway);
      return { mqtt: wire, 'mqttv3.1': wire };
    },
  },
  {
    kind: 'mqtt',
    port: ({ mqttPort }) => mqttPort,
    isWebSocket: false,
    option: '--mqtt-port',
    advertisedPort: () => undefined,
    publicUrl: () => undefined,
    wire: mqttWire,
  },
];
