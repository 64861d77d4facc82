/** Whose the ports are that a load talks to. */
import type { Socket } from 'node:net';
import { formatHostPort } from '../base/network/host-port.ts';
import { refusalOfStranger } from '../base/network/port-owner.ts';

/**
 * As refusalOfStranger, of each port once: a load has thousands of connections to one, and a look
 * takes as long as the list of all connections of the machine.
 */
export function lookOncePerPort(trusted?: number): (socket: Socket) => Error | undefined {
  const found = new Map<string, Error | undefined>();
  return (socket) => {
    const port = formatHostPort({ host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
    if (!found.has(port)) found.set(port, refusalOfStranger(socket, trusted));
    return found.get(port);
  };
}
