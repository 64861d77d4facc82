// Goal: whoever does not know the cluster secret opens no link and learns nothing of it, whichever
// end they are and whatever they have heard of the links of others. Method: real upgrades, with
// the words of one handshake said again, back, elsewhere and by strangers.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  answerAsDialler,
  drawNonce,
  isProofOfDialler,
  proveAsDialled,
} from '../../../src/auth/link-proof.ts';
import { ignore } from '../../../src/base/ignore.ts';
import { limits } from '../../../src/base/limits.ts';
import { Tls } from '../../../src/base/network/tls.ts';
import { acceptUpgrades, dialUpgrade, type UpgradesOptions } from '../../../src/http/upgrade.ts';
import { clusterKeyOf, clusterKeysOf } from '../../support/cluster-key.ts';
import { connections, RawConnection } from '../../support/raw-connection.ts';
import { startRecordingProxy } from '../../support/tcp-proxy.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';

const secret = 'a secret of the cluster';

interface Role {
  readonly server: Server;
  readonly port: number;
  readonly origin: string;
  readonly streams: Duplex[];
}

async function listen(options: Partial<UpgradesOptions> = {}): Promise<Role> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const streams: Duplex[] = [];
  const end = acceptUpgrades(server, {
    role: 'route',
    origin: () => origin,
    keys: clusterKeysOf(secret),
    onStream: (stream) => {
      streams.push(stream);
      stream.on('data', (bytes) => stream.write(bytes));
    },
    ...options,
  });
  onTeardown(() => {
    end();
    server.close();
  });
  return { server, port, origin, streams };
}

function dial(origin: string, own = secret, role: 'route' | 'server' = 'route') {
  return dialUpgrade({ origin, role, key: clusterKeyOf(own), tls: Tls.ofSystem() });
}

async function echoed(stream: Duplex): Promise<string> {
  onTeardown(() => stream.destroy());
  stream.write('hello');
  const [bytes] = await once(stream, 'data');
  return String(bytes);
}

function request(host: string, nonce: string): string {
  return `GET /internal/link HTTP/1.1\r\nHost: ${host}\r\nCim-Nonce: ${nonce}\r\nConnection: Upgrade\r\nUpgrade: cim-link/2\r\n\r\n`;
}

/** A listener that answers every upgrade like this. */
async function impostor(answer: (nonce: string) => readonly string[]): Promise<Role> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const streams: Duplex[] = [];
  server.on('upgrade', (asked, stream) => {
    streams.push(stream);
    stream.on('error', ignore('the event close follows'));
    const lines = ['HTTP/1.1 101 x', 'Connection: Upgrade', 'Upgrade: cim-link/2'];
    stream.write([...lines, ...answer(String(asked.headers['cim-nonce'])), '', ''].join('\r\n'));
  });
  onTeardown(() => {
    for (const stream of streams) stream.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, origin: `http://127.0.0.1:${port}`, streams };
}

test('neither the secret nor a key of it crosses the network', async () => {
  const origin = { text: '' };
  const { port } = await listen({ origin: () => origin.text });
  const proxy = await startRecordingProxy(port);
  origin.text = `http://127.0.0.1:${proxy.port}`;
  expect(await echoed(await dial(origin.text))).toBe('hello');
  const heard = proxy.heard.toString('latin1');
  expect(heard).toContain('hello');
  const { token } = clusterKeyOf(secret);
  for (const form of ['utf8', 'hex', 'base64', 'base64url'] as const) {
    expect(heard).not.toContain(Buffer.from(secret).toString(form));
    expect(heard).not.toContain(Buffer.from(token.bytes).toString(form));
  }
});

describe('three rounds change the secret, and every two neighbours are linked', () => {
  // What a role has in each round: the first is its own.
  const rounds = [['old'], ['old', 'new'], ['new', 'old'], ['new']];
  const pairs = rounds.flatMap((round, index) =>
    rounds.slice(Math.max(0, index - 1), index + 2).map((neighbour) => [round, neighbour]),
  ) as [string[], string[]][];

  test.each(pairs)('%j dials %j', async ([own = ''], accepted) => {
    const { origin } = await listen({ keys: clusterKeysOf(...accepted) });
    expect(await echoed(await dial(origin, own))).toBe('hello');
  });

  test('and those who are two rounds apart are not', async () => {
    const { origin, streams } = await listen({ keys: clusterKeysOf('new') });
    await expect(dial(origin, 'old')).rejects.toMatchObject({ kind: 'not-allowed' });
    expect(streams).toEqual([]);
  });
});

describe('a dialled impostor is sent nothing', () => {
  const handshake = {
    role: 'route',
    host: 'x',
    diallerNonce: drawNonce(),
    dialledNonce: drawNonce(),
  } as const;

  test.each<[string, (nonce: string) => readonly string[]]>([
    ['says nothing', () => []],
    ['says no proof', () => [`Cim-Nonce: ${drawNonce()}`, 'Cim-Proofs: ']],
    ['says the nonce back', (nonce) => [`Cim-Nonce: ${nonce}`, `Cim-Proofs: ${nonce}`]],
    [
      'has a proof of an earlier link',
      () => [
        `Cim-Nonce: ${handshake.dialledNonce}`,
        `Cim-Proofs: ${proveAsDialled([clusterKeyOf(secret)], handshake)[0]}`,
      ],
    ],
    [
      'knows another secret',
      (diallerNonce) => {
        const own = { ...handshake, diallerNonce };
        const [proof] = proveAsDialled([clusterKeyOf('guessed')], own);
        return [`Cim-Nonce: ${own.dialledNonce}`, `Cim-Proofs: ${proof}`];
      },
    ],
  ])('that %s', async (_what, answer) => {
    const { origin, streams } = await impostor(answer);
    const received: Buffer[] = [];
    const dialled = dial(origin);
    await expect(dialled).rejects.toMatchObject({ kind: 'not-allowed' });
    await expect(dialled).rejects.toThrow(
      `no link to ${origin}: its cluster secret is another one`,
    );
    streams[0]?.on('data', (bytes: Buffer) => received.push(bytes));
    await waitUntil(
      'the dialler has gone',
      () => streams[0]?.readableEnded || streams[0]?.destroyed,
    );
    expect(received).toEqual([]);
  });

  test('that passes all on to a true role, which is announced elsewhere', async () => {
    const { port, streams } = await listen();
    const proxy = await startRecordingProxy(port);
    const dialled = dial(`http://127.0.0.1:${proxy.port}`);
    await expect(dialled).rejects.toThrow('it is not announced at that address');
    expect(streams).toEqual([]);
  });

  test('that passes all on under the name of the true role', async () => {
    const { port, streams } = await listen();
    const relay = await impostor(() => []);
    relay.server.removeAllListeners('upgrade');
    relay.server.on('upgrade', async (asked, stream) => {
      const far = new RawConnection(`127.0.0.1:${port}`);
      far.send(request(`127.0.0.1:${port}`, String(asked.headers['cim-nonce'])));
      await waitUntil('the answer', () => far.received.includes('\r\n\r\n'));
      stream.end(far.received);
    });
    await expect(dial(relay.origin)).rejects.toThrow('its cluster secret is another one');
    expect(streams).toEqual([]);
  });

  test('that is a true role of another kind', async () => {
    const { origin, streams } = await listen({ role: 'server' });
    await expect(dial(origin, secret, 'route')).rejects.toMatchObject({ kind: 'not-allowed' });
    expect(streams).toEqual([]);
  });
});

describe('a dialling stranger gets in by no proof', () => {
  interface Words {
    readonly own: string;
    readonly theirs: string;
    readonly proofs: string[];
  }

  async function proofSaid(
    role: Role,
    say: (words: Words) => string | Promise<string>,
  ): Promise<RawConnection> {
    const own = drawNonce();
    const host = `127.0.0.1:${role.port}`;
    const peer = new RawConnection(host).send(request(host, own));
    await waitUntil('its nonce', () => peer.received.includes('\r\n\r\n'));
    const theirs = /cim-nonce: (\S+)/i.exec(peer.received)?.[1] ?? '';
    const proofs = /cim-proofs: (.*)\r/i.exec(peer.received)?.[1]?.split(' ') ?? [];
    return peer.send(await say({ own, theirs, proofs }));
  }

  test.each<[string, Parameters<typeof proofSaid>[1]]>([
    ['made up', () => drawNonce()],
    ['that was just given to it', ({ proofs }) => proofs[0] ?? ''],
    [
      'of another secret',
      ({ own, theirs }) => {
        const key = clusterKeyOf('guessed');
        const handshake = {
          role: 'route',
          host: 'x',
          diallerNonce: own,
          dialledNonce: theirs,
        } as const;
        return answerAsDialler(key, handshake, proveAsDialled([key], handshake)) ?? '';
      },
    ],
  ])('%s', async (_what, say) => {
    const wrongProofs = { value: 0 };
    const role = await listen({ wrongProofs });
    await (await proofSaid(role, say)).whenClosed();
    expect([role.streams, wrongProofs.value]).toEqual([[], 1]);
    await echoed(await dial(role.origin));
    expect(wrongProofs.value).toBe(1);
  });

  test('that was heard on the link of another', async () => {
    const origin = { text: '' };
    const role = await listen({ origin: () => origin.text });
    const proxy = await startRecordingProxy(role.port);
    origin.text = `http://127.0.0.1:${proxy.port}`;
    await echoed(await dial(origin.text));
    expect(role.streams).toHaveLength(1);
    const heard = proxy.heard.toString('latin1');
    const asked = heard.slice(0, heard.indexOf('\r\n\r\n') + 4);
    const said = /\r\n\r\n([\w-]{43})/.exec(heard.slice(asked.length))?.[1] ?? '';
    expect(said).toHaveLength(43);
    const again = new RawConnection(`127.0.0.1:${role.port}`).send(asked + said);
    await again.whenClosed();
    expect(again.received).toContain('101 Switching');
    expect(role.streams).toHaveLength(1);
  });

  test('and one that never comes costs its place for a moment only', async () => {
    const role = await listen();
    const peer = await proofSaid(role, () => 'half');
    await peer.whenClosed();
    expect(role.streams).toEqual([]);
  });

  test('and however many come with none, who has one gets in', async () => {
    const role = await listen();
    const host = `127.0.0.1:${role.port}`;
    const crowd = await connections(host, limits.linkHandshakesMax + 20);
    for (const peer of crowd) peer.send(request(host, drawNonce()));
    await waitUntil(
      'the first have gone',
      () => crowd.filter(({ isClosed }) => isClosed).length >= 20,
    );
    expect(crowd.slice(-limits.linkHandshakesMax + 20).some(({ isClosed }) => isClosed)).toBe(
      false,
    );
    expect(await echoed(await dial(role.origin))).toBe('hello');
  });

  test('and a crowd from one address pushes out nobody from another who is about to prove', async () => {
    const role = await listen();
    const host = `127.0.0.1:${role.port}`;
    const crowd = await connections(host, limits.linkHandshakesMax + 20, '127.0.0.2');
    await proofSaid(role, async ({ own, theirs, proofs }) => {
      for (const peer of crowd) peer.send(request(host, drawNonce()));
      await waitUntil(
        'the first of them have gone',
        () => crowd.filter(({ isClosed }) => isClosed).length >= 20,
      );
      const handshake = { role: 'route', host, diallerNonce: own, dialledNonce: theirs } as const;
      return answerAsDialler(clusterKeyOf(secret), handshake, proofs) ?? '';
    });
    await waitUntil('it is let in', () => role.streams.length === 1);
  });

  test('nor is there one while no secret is known', async () => {
    const role = await listen({ keys: () => [] });
    await expect(dial(role.origin)).rejects.toThrow('it does not know its cluster secret yet');
  });
});

test('what comes right behind the proof is not lost', async () => {
  const role = await listen();
  const stream = await dial(role.origin);
  onTeardown(() => stream.destroy());
  for (const word of ['one ', 'two ', 'three']) stream.write(word);
  let received = '';
  stream.on('data', (bytes) => {
    received += bytes;
  });
  await waitUntil('all of it', () => received === 'one two three');
});

test('a proof is of all that was said', () => {
  const key = clusterKeyOf(secret);
  const handshake = {
    role: 'route',
    host: 'a:1',
    diallerNonce: drawNonce(),
    dialledNonce: drawNonce(),
  } as const;
  const proof = answerAsDialler(key, handshake, proveAsDialled([key], handshake)) ?? '';
  expect(isProofOfDialler([key], handshake, proof)).toBe(true);
  for (const other of [
    { role: 'server' as const },
    { host: 'b:1' },
    { diallerNonce: drawNonce() },
    { dialledNonce: drawNonce() },
  ])
    expect(isProofOfDialler([key], { ...handshake, ...other }, proof)).toBe(false);
});
