/**
 * Ports for services that must be told theirs. What listens by itself (our own roles) is started on
 * port 0 instead.
 */
import { createServer } from 'node:net';

// Below the range from which the kernel takes ports for outgoing connections (32768 up): nobody
// takes one between our look and the service's bind, except another test process that draws the
// same number in that moment.
const firstPort = 15_000;
const portCount = 17_000;
const handedOut = new Set<number>();

/** A TCP port on which nobody listens; never the same twice in one test file. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error('no free port found');
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
