/** TLS over real sockets: the TCP port, the HTTP port, links, and those who call them. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CimError } from '../../src/base/errors.ts';
import { ignore } from '../../src/base/ignore.ts';
import { createLogger } from '../../src/base/log.ts';
import { Tls, type TlsSettings } from '../../src/base/network/tls.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type { ByteStream } from '../../src/client/sdk/platform.ts';
import { buildHttpApp } from '../../src/http/app.ts';
import { jsonRequester } from '../../src/http/client.ts';
import { acceptUpgrades, dialUpgrade } from '../../src/http/upgrade.ts';
import { drawAccount } from '../../src/load/accounts.ts';
import { LoadConnection } from '../../src/load/load-connection.ts';
import { Turn } from '../../src/load/turn.ts';
import { Outbox } from '../../src/net/outbox.ts';
import { Authority, type CertificateFiles, replaceCertificate } from '../support/certificates.ts';
import { clusterKeyOf, clusterKeysOf } from '../support/cluster-key.ts';
import { openTcpPort } from '../support/tcp-port.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const host = '127.0.0.1';
const log = createLogger('test', 'silent');
const secret = 'shared';

let authority: Authority;
let stranger: Authority;
let files: CertificateFiles;

beforeAll(() => {
  authority = new Authority();
  stranger = new Authority('somebody else');
});

beforeEach(() => {
  files = authority.issue();
});

function shows({ cert, key }: CertificateFiles, more: Partial<TlsSettings> = {}): Promise<Tls> {
  return Tls.open({ tlsCert: cert, tlsKey: key, ...more });
}

function believes(settings: Pick<TlsSettings, 'tlsCa' | 'tlsName'> = { tlsCa: authority.ca }) {
  return Tls.open(settings);
}

/** What each way of checking a certificate says when it is the wrong one. */
const refusals = [
  ['unknown', 'its certificate is signed by an authority that is not known here (--tls-ca'],
  ['self-signed', 'its certificate is signed by an authority that is not known here (--tls-ca'],
  ['wrong name', 'its certificate is for another name (it is for: DNS:other.example; --tls-name'],
  ['expired', 'its certificate has expired'],
] as const;

function wrongCertificate(kind: (typeof refusals)[number][0]): CertificateFiles {
  switch (kind) {
    case 'unknown':
      return stranger.issue();
    case 'self-signed':
      return stranger.own;
    case 'wrong name':
      return authority.issue({ names: 'DNS:other.example' });
    case 'expired':
      return authority.issue({ expired: true });
  }
}

describe('the TCP port', () => {
  async function listen(tls: Tls) {
    const streams: Socket[] = [];
    const listener = await openTcpPort({
      onArrival: (stream) => {
        stream.on('error', ignore("as their owner takes it: 'close' follows"));
        streams.push(stream);
      },
      tls: tls.port,
    });
    onTeardown(() => {
      for (const stream of streams) stream.destroy();
    });
    return { port: listener.port, streams };
  }

  async function dial(port: number, tls: Tls) {
    const outcome = Promise.withResolvers<string>();
    const received: Uint8Array[] = [];
    const stream: ByteStream = nodePlatform(tls).transport.open(
      { host, port, tls: true },
      {
        opened: () => outcome.resolve('opened'),
        received: (bytes) => received.push(Uint8Array.from(bytes)),
        ended: (reason) => outcome.resolve(reason),
      },
    );
    onTeardown(() => stream.close());
    return { stream, received, outcome: await outcome.promise };
  }

  test('carries bytes both ways', async () => {
    const { port, streams } = await listen(await shows(files));
    const { stream, received, outcome } = await dial(port, await believes());
    expect(outcome).toBe('opened');
    streams[0]?.on('data', (bytes) => streams[0]?.write(bytes));
    stream.write(Buffer.from('hello'));
    await waitUntil('the echo', () => Buffer.concat(received).toString() === 'hello');
  });

  test('what is written in one turn is one TLS record, on either side', async () => {
    const { port, streams } = await listen(await shows(files));
    const { stream, outcome } = await dial(port, await believes());
    expect(outcome).toBe('opened');
    const server = streams[0] as TLSSocket;
    const chunks: Buffer[] = [];
    server.on('data', (chunk: Buffer) => chunks.push(chunk));
    const parts = Array.from({ length: 50 }, (_, index) => Buffer.from(`part ${index};`));
    const bytes = Buffer.concat(parts).length;
    // Of a record `data` tells as a whole.
    for (const part of parts) stream.write(part);
    await waitUntil('all has come', () => Buffer.concat(chunks).length === bytes);
    expect(chunks).toHaveLength(1);

    const outbox = new Outbox(server);
    const before = server.bytesWritten;
    for (const part of parts) outbox.write(part);
    await waitUntil('it is written', () => outbox.bufferedBytes === 0);
    const recordOverhead = 64;
    expect(server.bytesWritten - before).toBeLessThan(bytes + recordOverhead);
  });

  test.each(refusals)('is refused when its certificate is wrong: %s', async (kind, reason) => {
    const { port } = await listen(await shows(wrongCertificate(kind)));
    const { outcome } = await dial(port, await believes());
    expect(outcome).toContain(`${host}:${port}: ${reason}`);
  });

  test('is refused without an authority that signed it among those of the system', async () => {
    const { port } = await listen(await shows(files));
    const { outcome } = await dial(port, Tls.ofSystem());
    expect(outcome).toContain('--tls-ca');
  });

  test('is accepted under the name that --tls-name says', async () => {
    const { port } = await listen(await shows(authority.issue({ names: 'DNS:other.example' })));
    const named = await believes({ tlsCa: authority.ca, tlsName: 'other.example' });
    expect((await dial(port, named)).outcome).toBe('opened');
    const misnamed = await believes({ tlsCa: authority.ca, tlsName: 'third.example' });
    expect((await dial(port, misnamed)).outcome).toContain('for another name');
    const address = await believes({ tlsCa: authority.ca, tlsName: '10.9.8.7' });
    expect((await dial(port, address)).outcome).toContain('for another name');
  });

  test('a port that speaks plainly is named as such', async () => {
    const server = createServer((socket) => {
      socket.on('error', ignore('the event close follows'));
      socket.end('not TLS at all');
    }).listen(0, host);
    onTeardown(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await dial(port, await believes())).outcome).toContain('it does not speak TLS');
  });

  test('hands a stream over before its handshake, and ends it when that is nonsense', async () => {
    const { port, streams } = await listen(await shows(files));
    const silent = connect(port, host);
    onTeardown(() => silent.destroy());
    // Half the header of a record; whoever says nothing at all is not handed over.
    silent.write(Buffer.from([0x16, 0x03]));
    await waitUntil('it is handed over', () => streams.length === 1);
    const babbler = connect(port, host).on('error', ignore('the event close follows'));
    babbler.write('GET / HTTP/1.1\r\n\r\n');
    await waitUntil('the babbler is ended', () => streams[1]?.destroyed);
    expect(streams[0]?.destroyed).toBe(false);
    streams[0]?.destroy();
    await once(silent, 'close');
  });

  test('shows a new certificate to new connections, and old ones go on', async () => {
    const tls = await shows(files);
    const { port, streams } = await listen(tls);
    const before = await dial(port, await believes());
    replaceCertificate(files, stranger.issue());
    await tls.reload(log);
    expect((await dial(port, await believes())).outcome).toContain('not known here');
    const other = await dial(port, await believes({ tlsCa: stranger.ca }));
    expect(other.outcome).toBe('opened');
    streams[0]?.write('still here');
    await waitUntil('it goes on', () => Buffer.concat(before.received).toString() === 'still here');
  });
});

function appWith(tls: Tls) {
  return buildHttpApp({
    title: 'test',
    version: '9.9.9',
    log,
    endpoints: [],
    proofs: { clusterKeys: clusterKeysOf(secret) },
    tls: tls.port,
  });
}

describe('the HTTP port', () => {
  async function listen(tls: Tls) {
    const app = appWith(tls);
    onTeardown(() => app.close());
    const { port } = await app.listen({ host, port: 0 });
    return { app, port, health: `https://${host}:${port}/healthz` };
  }

  const get = { method: 'GET', timeoutMs: 5_000 } as const;

  test('answers over HTTPS only', async () => {
    const { port, health } = await listen(await shows(files));
    expect(await jsonRequester(await believes())(health, get)).toEqual({ version: '9.9.9' });
    const plainly = jsonRequester(Tls.ofSystem())(`http://${host}:${port}/healthz`, get);
    await expect(plainly).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test.each(refusals)('is refused when its certificate is wrong: %s', async (kind, reason) => {
    const { health } = await listen(await shows(wrongCertificate(kind)));
    const answer = jsonRequester(await believes())(health, get);
    await expect(answer).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(answer).rejects.toThrow(`no answer from ${health}: ${reason}`);
  });

  test('shows a new certificate to new connections', async () => {
    const tls = await shows(files);
    const { health } = await listen(tls);
    const kept = jsonRequester(await believes());
    await kept(health, get);
    replaceCertificate(files, stranger.issue());
    await tls.reload(log);
    // Over the connection that it has.
    expect(await kept(health, get)).toEqual({ version: '9.9.9' });
    await expect(jsonRequester(await believes())(health, get)).rejects.toThrow('not known here');
    expect(await jsonRequester(await believes({ tlsCa: stranger.ca }))(health, get)).toEqual({
      version: '9.9.9',
    });
  });

  test('closes at once, whoever has connected: without a handshake, or without a request', async () => {
    const { app, port } = await listen(await shows(files));
    const silent = connect(port, host);
    const shaken = connectTls({ host, port, rejectUnauthorized: false });
    const closed = [once(silent, 'close'), once(shaken, 'close')];
    await once(shaken, 'secureConnect');
    await app.close();
    await Promise.all(closed);
  });
});

describe('a link', () => {
  async function listen(tls: Tls, needsCertificate = false) {
    const app = appWith(tls);
    const accepted: unknown[] = [];
    let origin = '';
    const end = acceptUpgrades(app.server, {
      role: 'route',
      origin: () => origin,
      keys: clusterKeysOf(secret),
      needsCertificate,
      onStream: (stream) => {
        accepted.push(stream);
        stream.on('data', (bytes) => stream.write(bytes));
      },
    });
    onTeardown(async () => {
      end();
      await app.close();
    });
    const { port } = await app.listen({ host, port: 0 });
    origin = `https://${host}:${port}`;
    return { origin, accepted };
  }

  function dialLink(origin: string, tls: Tls) {
    return dialUpgrade({ origin, role: 'route', key: clusterKeyOf(secret), tls });
  }

  async function echoed(origin: string, tls: Tls): Promise<string> {
    const stream = await dialLink(origin, tls);
    onTeardown(() => stream.destroy());
    stream.write('hello');
    const [bytes] = await once(stream, 'data');
    return String(bytes);
  }

  test('is opened over HTTPS', async () => {
    const { origin } = await listen(await shows(files));
    expect(await echoed(origin, await believes())).toBe('hello');
  });

  test.each(refusals)('is not made when the certificate is wrong: %s', async (kind, reason) => {
    const { origin } = await listen(await shows(wrongCertificate(kind)));
    const dialled = dialLink(origin, await believes());
    await expect(dialled).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(dialled).rejects.toThrow(`no link to ${origin}: ${reason}`);
  });

  test('needs a certificate of the caller where roles have them', async () => {
    const tlsCa = authority.ca;
    const host = await shows(files, { tlsCa, tlsClientCerts: true });
    const { origin, accepted } = await listen(host, true);
    const member = await shows(authority.issue(), { tlsCa });
    expect(await echoed(origin, member)).toBe('hello');
    for (const caller of [
      await believes(),
      await shows(stranger.issue(), { tlsCa }),
      await shows(authority.issue({ expired: true }), { tlsCa }),
    ]) {
      const dialled = dialLink(origin, caller);
      await expect(dialled).rejects.toMatchObject({ kind: 'not-allowed' });
      await expect(dialled).rejects.toThrow('only roles with a certificate');
    }
    expect(accepted).toHaveLength(1);
  });

  test('a caller without a certificate is refused on a plain port, too', async () => {
    const server = createHttpServer().listen(0, host);
    onTeardown(() => server.close());
    await once(server, 'listening');
    const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
    acceptUpgrades(server, {
      role: 'route',
      origin: () => origin,
      keys: clusterKeysOf(secret),
      needsCertificate: true,
      onStream: () => {
        throw new Error('accepted');
      },
    });
    await expect(dialLink(origin, Tls.ofSystem())).rejects.toMatchObject({ kind: 'not-allowed' });
  });
});

describe('a peer that is said to speak no TLS is sent nothing', () => {
  /** Somebody who listens, and what they were sent; undefined: nobody has called. */
  async function listener() {
    const heard: { bytes?: string } = {};
    const server = createServer((socket) => {
      heard.bytes ??= '';
      socket.on('error', ignore('the event close follows'));
      socket.on('data', (bytes) => {
        heard.bytes += String(bytes);
      });
    }).listen(0, host);
    onTeardown(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { heard, port, origin: `http://${host}:${port}` };
  }

  const given = ['tlsCa', 'tlsName', 'a certificate'] as const;

  function told(what: (typeof given)[number]): Promise<Tls> {
    if (what === 'tlsName') return Tls.open({ tlsName: 'chat.example' });
    return what === 'tlsCa' ? believes() : Tls.open({ tlsCert: files.cert, tlsKey: files.key });
  }

  const ways: Readonly<
    Record<string, (tls: Tls, peer: Awaited<ReturnType<typeof listener>>) => Promise<unknown>>
  > = {
    'a call': (tls, { origin }) =>
      jsonRequester(tls)(`${origin}/login`, { method: 'POST', body: { secret }, timeoutMs: 5_000 }),
    'a link': (tls, { origin }) =>
      dialUpgrade({ origin, role: 'route', key: clusterKeyOf(secret), tls }),
    'a client': (tls, { port }) =>
      new Promise((resolve, reject) => {
        const server = { host, port, tls: false };
        nodePlatform(tls).transport.open(server, {
          opened: () => resolve('opened'),
          received: () => {},
          ended: (reason) => reject(new CimError('unavailable', reason)),
        });
      }),
    'a load': (tls, { port }) =>
      LoadConnection.open({
        index: 0,
        account: drawAccount(1),
        admission: { host, port, token: secret, tls: false },
        device: 'x',
        tls,
        refusalOf: () => undefined,
        turn: new Turn(() => {}),
        events: { message: () => {}, answered: () => {}, behind: () => {}, ended: () => {} },
      }),
  };

  test.each(given.flatMap((what) => Object.keys(ways).map((way) => [what, way] as const)))(
    'by who has %s: %s',
    async (what, way) => {
      const peer = await listener();
      const dialled = ways[way]?.(await told(what), peer);
      await expect(dialled).rejects.toMatchObject({ kind: 'unavailable' });
      await expect(dialled).rejects.toThrow(`${host}:${peer.port} is said to speak no TLS`);
      expect(peer.heard).toEqual({});
    },
  );
});
