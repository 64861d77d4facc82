/** The HTTPS server under an HTTP port that has a certificate. */
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { limits } from '../base/limits.ts';
import type { TlsPort } from '../base/tls.ts';

/** A new certificate is for new connections; those that are there go on with the one before. */
export function createSecureServer(
  tls: TlsPort,
  options: ServerOptions,
  handler: RequestListener,
): Server {
  const server = createServer(
    {
      ...options,
      ...tls.files,
      handshakeTimeout: limits.tlsHandshakeMsMax,
      requestCert: tls.asksCallers,
      // Only links need one, and look for themselves (upgrade.ts): people come without.
      rejectUnauthorized: false,
    },
    handler,
  );
  server.on(
    'close',
    tls.onReload(() => server.setSecureContext(tls.files)),
  );
  return server;
}
