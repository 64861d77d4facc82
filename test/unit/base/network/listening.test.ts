// Goal: whoever starts a role is told why a port cannot be had, and what to do. Method: the codes of
// the system in a table; real sockets where the machine can be made to say them.
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { listenFailure, listenOn } from '../../../../src/base/network/listening.ts';
import { openTcpPort } from '../../../support/tcp-port.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code });
}

test.each([
  ['EADDRINUSE', '::', 'something else listens there already'],
  ['EADDRNOTAVAIL', '192.0.2.1', 'this machine does not have that address'],
  ['EACCES', '::1', 'ports below 1024 are for root'],
  ['EMFILE', '::', 'no file descriptors left: raise ulimit -n'],
  ['ENFILE', '::', 'no file descriptors left: raise fs.file-max'],
  ['EAFNOSUPPORT', '::1', 'IPv6 is switched off'],
  ['ENOTFOUND', 'no-such-host', 'no address is known for that name'],
  ['EINVAL', 'fe80::1', 'needs the name of that link behind it, like fe80::1%eth0'],
  ['ENODEV', 'fe80::1%eth9', 'this machine has no link of that name'],
])('%s on %s is explained', (code, host, reason) => {
  const failure = listenFailure('TCP', { host, port: 80 }, systemError(code));
  expect(failure.kind).toBe('port-taken');
  expect(failure.message).toContain(`TCP port 80 on ${host} cannot be listened on: `);
  expect(failure.message).toContain(reason);
  expect(failure.message).toContain(`(${code})`);
});

test('a port that is taken: the option that changes it is named', () => {
  const place = { host: '::', port: 80, option: '--http-port' };
  expect(listenFailure('HTTP', place, systemError('EADDRINUSE')).message).toBe(
    'HTTP port 80 on :: cannot be listened on: something else listens there already, perhaps another cim ' +
      '(ss -ltnp tells what): stop it, or choose another port with --http-port (0 takes a free one) (EADDRINUSE)',
  );
});

test('what is not known is told as the system tells it', () => {
  const cause = systemError('EWHATEVER');
  const failure = listenFailure('HTTP', { host: '::', port: 80 }, cause);
  expect(failure).toMatchObject({
    message: 'HTTP port 80 on :: cannot be listened on',
    cause,
  });
});

describe('a real port', () => {
  const onArrival = () => {};

  test('of somebody else', async () => {
    const { port } = await openTcpPort({ onArrival, host: '::1' });
    await expect(openTcpPort({ onArrival, host: '::1', port })).rejects.toThrow(
      `TCP port ${port} on ::1 cannot be listened on: something else listens there`,
    );
  });

  test('at an address of another machine', async () => {
    await expect(openTcpPort({ onArrival, host: '2001:db8::1', port: 0 })).rejects.toThrow(
      'this machine does not have that address',
    );
  });

  test('on :: is one of IPv4, too', async () => {
    const { port } = await openTcpPort({ onArrival, host: '::' });
    await expect(openTcpPort({ onArrival, host: '127.0.0.1', port })).rejects.toThrow(
      'something else listens there',
    );
  });
});

describe('every address', () => {
  test('is that of IPv4 alone where there is no IPv6', async () => {
    const tried: string[] = [];
    const listen = async (host: string) => {
      tried.push(host);
      if (host === '::') throw systemError('EAFNOSUPPORT');
      return host;
    };
    expect(await listenOn('::', listen)).toBe('0.0.0.0');
    expect(tried).toEqual(['::', '0.0.0.0']);
  });

  test.each([
    ['::', 'EADDRINUSE'],
    ['::1', 'EAFNOSUPPORT'],
  ])('is not tried in place of %s after %s', async (host, code) => {
    const listen = async () => {
      throw systemError(code);
    };
    await expect(listenOn(host, listen)).rejects.toMatchObject({ code });
  });

  test('listens once if a machine has both', async () => {
    const server = createServer();
    const listen = (host: string) =>
      new Promise<string>((resolve) => {
        server.listen({ host, port: 0 }, () => resolve(host));
      });
    expect(await listenOn('::', listen)).toBe('::');
    server.close();
  });
});
