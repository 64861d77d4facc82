// Goal: whoever reaches the HTTP ports of the packaged executable gets an answer that says no, or
// none; never a failure of ours, never what is not his, and nobody else notices. Method: one attack
// after the other on both ports, written byte by byte where HTTP libraries would not.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { connections, RawConnection } from '../support/raw-connection.ts';
import { type Role, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Witness } from '../support/witness.ts';

let ports: readonly string[];
let route: string;
let witness: Witness;
let slow: RawConnection[];

/** For some hundred requests at a time, of which each may have a body of 1 MiB. */
const growthMiBMax = 250;

beforeAll(async () => {
  const dev: Role = await startDevelopment();
  route = dev.addresses['route'] as string;
  ports = [route, dev.addresses['http'] as string];
  witness = await Witness.start(dev, `http://${route}`);
  slow = [...(await connections(route, 200)), ...(await connections(ports[1] as string, 200))];
  for (const [index, each] of slow.entries()) {
    each.send('POST /login HTTP/1.1\r\nHost: localhost\r\n');
    // Of half of them the head is over, and the body dribbles.
    if (index % 2 === 0)
      each.send('Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{');
  }
});

/** Sends each to both ports, on a connection of its own, and returns the statuses of the answers. */
async function statusesOf(requests: readonly (string | Uint8Array)[]): Promise<number[][]> {
  const peers = ports.flatMap((port) =>
    requests.map((request) => new RawConnection(port).send(request)),
  );
  const found = await Promise.all(peers.map((peer) => peer.whenAnswered()));
  for (const peer of peers) {
    expect(peer.received).toMatch(/^HTTP\/1\.1 [1-4]\d\d /);
    expect(peer.received).not.toMatch(/set-cookie|x-injected/i);
    peer.socket.destroy();
  }
  return found;
}

function post(path: string, body: string | Uint8Array, headers = ''): Uint8Array {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

describe('over HTTP', () => {
  test('bytes that are no request', async () => {
    const requests = [
      ...Array.from({ length: 50 }, () =>
        Buffer.concat([randomBytes(500), Buffer.from('\r\n\r\n')]),
      ),
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.from('16030100050100000100', 'hex'),
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      get('/healthz', `X-Long: ${'x'.repeat(100_000)}\r\n`),
      get('/healthz', 'X-Many: x\r\n'.repeat(10_000)),
      get('/healthz', 'X-Injected\x00: x\r\n'),
      get('/healthz', 'X Injected: x\r\n'),
      get('/healthz', ' folded: x\r\n'),
    ];
    await witness.during('no requests', growthMiBMax, async () => {
      for (const statuses of await statusesOf(requests))
        for (const status of statuses) expect([400, 431]).toContain(status);
    });
  });

  test('paths that lead elsewhere', async () => {
    const paths = [
      ...['//', '///etc/passwd', '/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/..%2f..%2fetc'],
      ...['/login/../kick', '/./kick', '//kick', '/kick/', '/KICK', '/kick%20', '/kick;x=1'],
      ...['/%6bick%00', '/kick%00.html', '/%00', '/%', '/%zz', '/%ff%fe', '/\\..\\x', '/login%2fx'],
      ...['/x%0d%0aSet-Cookie:%20a=b', '/healthz%0d%0aX-Injected:%20x', '/internal/link', '*'],
      ...[
        'http://127.0.0.1:1/kick',
        'http://[::1',
        '/__proto__',
        '/constructor',
        '/openapi.json/..',
      ],
      ...[
        '/docs',
        '/documentation/json',
        '/.env',
        '/.git/config',
        '/node_modules',
        '/me?__proto__[x]=1',
      ],
    ];
    await witness.during('path tricks', growthMiBMax, async () => {
      const all = await statusesOf(paths.map((path) => get(path)));
      const answers = all.flatMap((statuses, index) =>
        statuses.map((status) => `${paths[index % paths.length]} ${status}`),
      );
      expect(answers.filter((answer) => !/ 40[01345]$/.test(answer))).toEqual([]);
    });
  });

  test('two requests in the clothes of one', async () => {
    const inner = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ';
    const smuggled = (headers: string, body: string) =>
      `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
    const requests = [
      smuggled('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${inner}`),
      smuggled(
        'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n',
        `5c\r\n${inner}\r\n0\r\n\r\n`,
      ),
      smuggled('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${inner}`),
      smuggled('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${inner}`),
      smuggled('Transfer-Encoding:\x0bchunked\r\n', `0\r\n\r\n${inner}`),
      smuggled('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${inner}`),
      smuggled('Content-Length: 2\r\nContent-Length: 60\r\n', `{}${inner}`),
      smuggled('Content-Length: +2\r\n', `{}${inner}`),
      smuggled('Content-Length: 2,60\r\n', `{}${inner}`),
      smuggled('Content-Length: -1\r\n', inner),
      smuggled('Content-Length: 99999999999999999999\r\n', inner),
      smuggled('Transfer-Encoding: chunked\r\n', `fffffffffffffffff\r\n${inner}`),
      smuggled('Transfer-Encoding: chunked\r\n', `2;${'x'.repeat(70_000)}\r\n{}\r\n0\r\n\r\n`),
    ];
    await witness.during('smuggling', growthMiBMax, async () => {
      for (const statuses of await statusesOf(requests)) {
        expect(statuses).toHaveLength(1);
        expect([400, 404, 413, 431]).toContain(statuses[0]);
      }
    });
  });

  test('upgrades: to HTTP/2, to others, and to a link without its secret', async () => {
    const upgrade = (protocol: string, more = '') =>
      get('/internal/link', `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${more}`);
    const secrets = [
      '',
      'Bearer ',
      'Bearer x',
      'Basic eDp4',
      `Bearer ${'x'.repeat(10_000)}`,
      'Bearer \x80',
    ];
    const links = secrets.map((secret) =>
      upgrade('cim-link/2', secret === '' ? '' : `Authorization: ${secret}\r\n`),
    );
    await witness.during('upgrades', growthMiBMax, async () => {
      // Nobody calls over links in `cim dev`: they are not even answered.
      for (const port of ports) {
        for (const link of links) {
          const peer = await new RawConnection(port).send(link).whenClosed();
          expect(peer.received).toBe('');
        }
      }
      const others = ['h2c', 'websocket', 'cim-link/1', 'CIM-LINK/2', 'x'.repeat(1_000)];
      for (const statuses of await statusesOf(others.map((protocol) => upgrade(protocol))))
        expect([401, 403, 404]).toContain(statuses[0]);
      const h2c = get(
        '/healthz',
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
      );
      const spam = ports.flatMap((port) =>
        Array.from({ length: 200 }, () => new RawConnection(port).send(h2c)),
      );
      // As a JDK's client means it: answered, in HTTP/1.1.
      for (const peer of spam) expect(await peer.whenAnswered()).toEqual([200]);
    });
  });

  test('bodies: compressed, nested, polluting, large', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const pollution = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const requests = [
      post('/login', bomb, 'Content-Encoding: gzip\r\n'),
      post('/login', gzipSync('{"userId":1,"userName":"x"}'), 'Content-Encoding: gzip\r\n'),
      post('/login', '{}', 'Content-Encoding: br\r\n'),
      post('/login', '['.repeat(1_000_000)),
      post('/login', `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`),
      post('/registerAccount', pollution),
      post('/registerAccount', `{"userName":"\\ud800","__proto__":${pollution}}`),
      post('/p2pRoute', '{"userId":1e400,"receiveUserId":-0,"msg":{}}'),
      post('/sendMsg', `{"properties":${pollution}}`),
      post('/login', `{"userName":"${'x'.repeat(1_000_000)}","userId":1}`),
      post('/login', Buffer.alloc(3_000_000)),
    ];
    await witness.during('bodies', growthMiBMax, async () => {
      for (let round = 0; round < 5; round++) {
        for (const statuses of await statusesOf(requests))
          for (const status of statuses)
            expect([200, 400, 401, 403, 404, 413, 415]).toContain(status);
      }
    });
  });

  test('logins of whoever, again and again, also under the addresses of others', async () => {
    await witness.during('a flood of logins', growthMiBMax, async () => {
      for (let round = 0; round < 20; round++) {
        const requests = Array.from({ length: 50 }, (_, index) =>
          post(
            '/login',
            JSON.stringify({
              userId: 1 + (index % 3),
              userName: 'honest-1',
              loginKey: 'x'.repeat(43),
            }),
            `X-Forwarded-For: 10.0.0.${index}, 1.2.3.4\r\nX-Cim-Version: 1\r\nAuthorization: Bearer a.b.c\r\n`,
          ),
        );
        for (const statuses of await statusesOf(requests))
          for (const status of statuses) expect([200, 400, 401, 403, 404, 429]).toContain(status);
      }
    });
  });

  test('requests that dribble are given up', async () => {
    await witness.during('slow requests', growthMiBMax, async () => {
      await waitUntil(
        'they are let go',
        () => {
          for (const each of slow) each.send('x');
          return slow.every(({ isClosed }) => isClosed);
        },
        { pollMs: 500 },
      );
      for (const status of slow.flatMap(({ statuses }) => statuses))
        expect([400, 401, 404, 408, 429]).toContain(status);
    });
  });
});
