/**
 * Looks at what a client sends without TLS. It refuses what must go over TLS, and notices the rest.
 */
import { formatHostPort } from '../../../base/network/host-port.ts';
import { isLoopback } from '../../../base/network/loopback.ts';
import type { ByteStream, ByteStreamEvents, Platform, ServerPort } from '../platform.ts';

export interface PlainTrafficOptions {
  readonly platform: Platform;
  /** Base URLs, or how to find them. */
  readonly routes: readonly string[] | (() => unknown);
  /** Told once, at the first connection or call on which others can listen in. */
  readonly onPlain: (host: string) => void;
}

/** The same platform, looked at. */
export function watchPlainTraffic({ platform, routes, onPlain }: PlainTrafficOptions): Platform {
  const needsTls = Array.isArray(routes) && routes.length > 0 && routes.every(isHttps);
  let isTold = false;
  const notice = (host: string) => {
    if (isTold || isLoopback(host)) return;
    isTold = true;
    onPlain(host);
  };
  const look = (url: string) => {
    if (!isHttps(url)) notice(new URL(url).hostname);
  };
  return {
    clock: platform.clock,
    random: platform.random,
    ...(platform.network && { network: platform.network }),
    files: async () => {
      const files = await platform.files();
      return {
        put: (url, request) => {
          look(url);
          return files.put(url, request);
        },
        get: (url, request) => {
          look(url);
          return files.get(url, request);
        },
        sha256: files.sha256,
      };
    },
    http: {
      request: (url, request) => {
        look(url);
        return platform.http.request(url, request);
      },
    },
    transport: {
      open: (server, events) => {
        const isTls = platform.transport.isTls?.(server) ?? server.tls;
        if (!isTls && needsTls) return refused(platform, server, events);
        if (!isTls) notice(server.host);
        return platform.transport.open(server, events);
      },
    },
  };
}

function isHttps(url: string): boolean {
  return new URL(url).protocol === 'https:';
}

/**
 * Routes are called by TLS, and one of them names a server that is said to speak none: it only passes
 * on what was announced to it, and the token would go there in clear.
 */
function refused(
  { clock }: Platform,
  { host, port }: ServerPort,
  events: ByteStreamEvents,
): ByteStream {
  const ending = clock.setTimeout(
    () =>
      events.ended(
        `${formatHostPort({ host, port })} is said to speak no TLS, and with routes of https:// nothing is sent in clear: the server there needs --tls-cert and --tls-key`,
      ),
    0,
  );
  return { write: () => {}, bufferedBytes: 0, close: async () => ending.cancel() };
}
