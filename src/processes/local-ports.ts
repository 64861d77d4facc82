/** TCP ports of this machine: free ones, whether somebody listens there, and what they answer. */
import { connect, createServer } from 'node:net';
import { CimError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';

// Below the range from which the kernel takes ports for outgoing connections (32768 up): nobody
// takes one between our look and the service's bind, except another process like this one that
// draws the same number in that moment.
const firstPort = 15_000;
const portCount = 17_000;
const handedOut = new Set<number>();
const answerMsMax = 1_000;

/**
 * A TCP port on which nobody listens; never the same twice. For services that must be told theirs,
 * and keep them when they are started again: what is started once and asked for its port takes 0.
 */
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

/** Whether somebody accepts TCP connections there: the usual sign of readiness. */
export function acceptsConnections(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(answerMsMax, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** All that comes until the other side ends the connection; empty when nobody is there. */
export function askPort(port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    const answer: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(question));
    socket.setTimeout(answerMsMax, () => socket.destroy());
    socket.on('data', (bytes) => answer.push(bytes));
    socket.on('error', ignore('not there yet: `close` follows'));
    socket.once('close', () => resolve(Buffer.concat(answer).toString()));
  });
}
