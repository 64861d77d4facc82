/** The server under an HTTP port: HTTPS, and nothing else, where there is a certificate. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { limits } from '../base/limits.ts';
import type { TlsPort } from '../base/network/tls.ts';

export function createHttpServer(options: ServerOptions, tls: TlsPort | undefined): Server {
  if (!tls) return createServer(options);
  const server = createSecureServer({
    ...options,
    ...tls.files,
    handshakeTimeout: limits.tlsHandshakeMsMax,
    requestCert: tls.asksCallers,
    // Only links need one, and look for themselves (upgrade.ts): people come without.
    rejectUnauthorized: false,
  });
  // A new certificate is for new connections; those that are there go on with the one before.
  const onReload = () => server.setSecureContext(tls.files);
  server.on('close', tls.onReload(onReload));
  return server;
}
