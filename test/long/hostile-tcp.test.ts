// Goal: whoever reaches the TCP port of the packaged executable can do what he likes there: the
// process lives, its memory is bounded, and two people who chat meanwhile notice nothing. Method:
// one attack after the other, all from this machine; the figures are printed.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { closeCodes } from '../../src/codec/close-codes.ts';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { com } from '../../src/codec/protobuf.ts';
import { encodeClose } from '../../src/codec/server-frame.ts';
import { connections, RawConnection } from '../support/raw-connection.ts';
import { type Role, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Witness } from '../support/witness.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

let dev: Role;
let tcp: string;
let witness: Witness;

beforeAll(async () => {
  dev = await startDevelopment();
  tcp = dev.addresses['tcp'] as string;
  witness = await Witness.start(dev, `http://${dev.addresses['route']}`);
});

function login(fields: object): Uint8Array {
  return frame(
    Request.encode({
      requestId: 1,
      reqMsg: 'honest-1',
      protocolVersion: 1,
      device: 'attacker',
      connectionNumber: Date.now(),
      epoch: new Uint8Array(8).fill(9),
      ephemeral: true,
      ...fields,
    }).finish(),
  );
}

/** What the process may hold for connections that have not logged in: some tens of KiB for each. */
const quietMiBMax = 100;

describe('over TCP', () => {
  test('random bytes', async () => {
    await witness.during('random bytes', quietMiBMax, async () => {
      for (let round = 0; round < 20; round++) {
        const some = await connections(tcp, 50);
        for (const each of some) each.send(randomBytes(1 + Math.floor(Math.random() * 4_000)));
        for (const each of some) each.socket.destroy();
      }
    });
  });

  test('lengths of gigabytes, and of frames that never come', async () => {
    await witness.during('giant lengths', quietMiBMax, async () => {
      const lengths = ['ffffffff07', '8080808004', 'ffffffff0f', '80808040', '808040', 'ffff3f'];
      const some = await connections(tcp, 600);
      for (const [index, each] of some.entries())
        each.send(Buffer.from(lengths[index % lengths.length] ?? '', 'hex'));
      for (const each of some) await each.whenClosed();
    });
  });

  test('frames of which half comes, byte by byte', async () => {
    await witness.during('half frames, slowly', quietMiBMax, async () => {
      const some = await connections(tcp, 300);
      const half = login({}).subarray(0, 30);
      for (const byte of half) {
        for (const each of some) each.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      // However it dribbles, it has had its time for a login.
      for (const each of some) await each.whenClosed();
    });
  });

  test('10 000 connections that never log in', async () => {
    const limit = Number(
      /Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
    );
    // As many as this machine lets one process have, on either side.
    const count = Math.min(10_000, limit - 1_000);
    await witness.during(`${count} connections without login`, 400, async () => {
      const idle = await connections(tcp, count);
      const held = idle.filter(({ isClosed }) => !isClosed).length;
      process.stdout.write(`${held} of them were held at once\n`);
      await waitUntil('they are let go', () => idle.every(({ isClosed }) => isClosed), {
        timeoutMs: 40_000,
        pollMs: 100,
      });
    });
  });

  test('logins with whatever, again and again', async () => {
    const tokens = ['', 'x', 'a.b.c', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', 'x'.repeat(8_000)];
    await witness.during('a flood of logins', quietMiBMax, async () => {
      for (let round = 0; round < 20; round++) {
        const some = await connections(tcp, 50);
        for (const [index, each] of some.entries())
          each.send(login({ requestId: 3 + index, token: tokens[index % tokens.length] ?? '' }));
        for (const each of some) {
          await waitUntil('an answer', () => each.isClosed || each.received !== '');
          each.socket.destroy();
        }
      }
    });
  });

  test('everything that is not a login, before one', async () => {
    await witness.during('commands before the login', quietMiBMax, async () => {
      for (const cmd of Object.values(command).filter((value) => value !== command.login)) {
        const peer = new RawConnection(tcp);
        peer.send(frame(Request.encode({ cmd, to: 2, sendSeq: 1, reqMsg: 'forged' }).finish()));
        await peer.whenClosed();
        expect(peer.received).toBe('');
      }
    });
  });

  test('HTTP, TLS and headers of proxies, where none is', async () => {
    const others = [
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.from('1603010200010001fc0303', 'hex'),
      'PROXY TCP4 300.1.1.1 1 2 3\r\n',
      'PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n',
      `PROXY TCP4 ${'1'.repeat(200)}`,
      Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
      'SSH-2.0-OpenSSH_9.2\r\n',
    ];
    await witness.during('other protocols', quietMiBMax, async () => {
      const peers = others.map((bytes) => new RawConnection(tcp).send(bytes));
      for (const peer of peers) await peer.whenClosed();
    });
  });
});

describe('within limits', () => {
  const perMinute = 30;

  /** The code with which a login is refused; 0 for one that is not refused for being too often. */
  async function refusalOf(port: string, proxyHeader: string): Promise<number> {
    const peer = new RawConnection(port);
    peer.send(proxyHeader).send(login({ requestId: 9, reqMsg: 'nobody' }));
    await peer.whenClosed();
    const tooFast = encodeClose('too-fast');
    return peer.received === Buffer.from(tooFast).toString('latin1')
      ? closeCodes['too-fast'].code
      : 0;
  }

  async function refusals(port: string, proxyHeader: string): Promise<number> {
    const codes: number[] = [];
    for (let count = 0; count < perMinute + 20; count++)
      codes.push(await refusalOf(port, proxyHeader));
    return codes.filter((code) => code !== 0).length;
  }

  test('logins from one address are counted, and whose they are only a trusted proxy says', async () => {
    const limited = await startDevelopment([
      ...['--data', ':memory:', '--login-rate', String(perMinute)],
    ]);
    const port = limited.addresses['tcp'] as string;
    const own = await Witness.start(limited, `http://${limited.addresses['route']}`, [3, 4]);
    await own.during('logins through a proxy', quietMiBMax, async () => {
      expect(await refusals(port, 'PROXY TCP4 203.0.113.9 10.0.0.1 5000 9000\r\n')).toBe(20);
      // Another one is not held to that, nor is this machine.
      expect(await refusalOf(port, 'PROXY TCP4 203.0.113.8 10.0.0.1 5000 9000\r\n')).toBe(0);
      expect(await refusals(port, '')).toBe(0);
    });
  });

  test('nobody escapes by pretending to be a proxy', async () => {
    const limited = await startDevelopment([
      ...['--data', ':memory:', '--login-rate', String(perMinute)],
      ...['--limit-loopback', '--trust-proxy', '203.0.113.1'],
    ]);
    const port = limited.addresses['tcp'] as string;
    for (let count = 0; count < 20; count++) {
      const peer = new RawConnection(port);
      peer.send(`PROXY TCP4 203.0.113.${count} 10.0.0.1 5000 9000\r\n`).send(login({}));
      expect((await peer.whenClosed()).received).toBe('');
    }
    expect(await refusals(port, '')).toBe(20);
  });
});
