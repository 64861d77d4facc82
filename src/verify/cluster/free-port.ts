/**
 * Ports for services that must be told theirs, and keep them when they are started again. What is
 * started once and asked for its port takes port 0 instead.
 */
import { createServer } from 'node:net';
import { CimError } from '../../base/errors.ts';

// Below the range from which the kernel takes ports for outgoing connections (32768 up): nobody
// takes one between our look and the service's bind, except another process like this one that
// draws the same number in that moment.
const firstPort = 15_000;
const portCount = 17_000;
const handedOut = new Set<number>();

/** A TCP port on which nobody listens; never the same twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new CimError('unavailable', 'no free port found');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    // All addresses: a listener on any of them would be in the way of a service that takes them
    // all.
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
