/** Notices when what a client sends leaves the machine without TLS. */
import { isLoopback } from '../../base/loopback.ts';
import type { Platform } from './platform.ts';

/** The same platform; calls back once, at the first connection or call on which others can listen in. */
export function noticePlainTraffic(platform: Platform, tell: (host: string) => void): Platform {
  let isTold = false;
  const notice = (host: string) => {
    if (isTold || isLoopback(host)) return;
    isTold = true;
    tell(host);
  };
  return {
    clock: platform.clock,
    random: platform.random,
    http: {
      request: (url, request) => {
        const { protocol, hostname } = new URL(url);
        if (protocol === 'http:') notice(hostname);
        return platform.http.request(url, request);
      },
    },
    transport: {
      open: (server, events) => {
        if (!server.tls) notice(server.host);
        return platform.transport.open(server, events);
      },
    },
  };
}
