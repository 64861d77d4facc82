/** A port on ::1 that leads to one on 127.0.0.1, for services that listen there alone. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { onTeardown } from './teardown.ts';

/** Returns its address, `[::1]:port`. */
export async function openIpv6Door(port: number): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    // Whoever ends first, or breaks, ends the other.
    pipeline(near, far, () => near.destroy());
    pipeline(far, near, () => far.destroy());
  });
  await once(server.listen({ host: '::1', port: 0 }), 'listening');
  onTeardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `[::1]:${(server.address() as AddressInfo).port}`;
}
