/** The gateway over in-memory streams, with a route whose answers the test gives. */

import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne, immediately } from '../../../src/api/batch-call.ts';
import type {
  AcknowledgeEntry,
  CloseEntry,
  OpenEntry,
  OpenResult,
  ReadEntry,
  ReadResult,
  RouteApi,
  SubmitEntry,
} from '../../../src/api/route-api.ts';
import { limits } from '../../../src/base/limits.ts';
import { createLogger } from '../../../src/base/log.ts';
import { command } from '../../../src/codec/commands.ts';
import { FrameDecoder } from '../../../src/codec/frame-decoder.ts';
import { appendOrigin, encodeClientMessage } from '../../../src/codec/message-body.ts';
import {
  decodeServerFrame,
  encodeRequest,
  type ServerFrame,
} from '../../../src/codec/server-frame.ts';
import { Gateway } from '../../../src/server/gateway.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { bytes, golden } from '../codec/golden-frames.ts';

const opened: OpenResult = {
  code: 0,
  reason: '',
  connectionNumber: 7,
  cursor: 0,
  head: 0,
  groupHead: 0,
  groups: [],
};
const emptyPage: ReadResult = { code: 0, seqs: [], bodies: [], head: 0, first: 1, rewound: false };

let clock: VirtualClock;
let gateway: Gateway;
let opens: OpenEntry[];
let closes: CloseEntry[];
let submits: SubmitEntry[];
let acknowledgements: AcknowledgeEntry[];
let reads: ReadEntry[];
let answerOpen: (entry: OpenEntry) => OpenResult;
let answerRead: (entry: ReadEntry) => ReadResult;
let answerInterest: () => { code: number; head: number };
/** While set, submissions wait for it instead of being answered. */
let heldSubmits: (() => void)[] | undefined;

beforeEach(() => {
  clock = new VirtualClock();
  [opens, closes, submits, acknowledgements, reads] = [[], [], [], [], []];
  heldSubmits = undefined;
  answerOpen = () => opened;
  answerInterest = () => ({ code: 0, head: 0 });
  answerRead = () => emptyPage;
  const routes: RouteApi = {
    open: immediately((entry) => {
      opens.push(entry);
      return answerOpen(entry);
    }),
    close: immediately((entry) => {
      closes.push(entry);
      return { code: 0 };
    }),
    submit: (entries, answer) => {
      submits.push(...entries);
      for (const index of entries.keys()) {
        const reply = () => answer(index, { code: 0, seq: index + 1, expected: 0 });
        if (heldSubmits) heldSubmits.push(reply);
        else reply();
      }
    },
    read: immediately((entry) => {
      reads.push(entry);
      return answerRead(entry);
    }),
    acknowledge: immediately((entry) => {
      acknowledgements.push(entry);
      return { code: 0 };
    }),
    interest: immediately(() => answerInterest()),
    check: immediately(() => ({ code: 0, known: true, head: 0 })),
    transient: immediately(() => ({ code: 0 })),
  };
  const log = createLogger('test', 'silent');
  gateway = new Gateway({
    routes,
    instance: 'me',
    address: () => '10.0.0.1:9000:8081',
    clock,
    log,
  });
});

/** The client's end of a connection to the gateway. */
class Peer {
  readonly frames: ServerFrame[] = [];
  readonly raw: Buffer[] = [];
  readonly stream: Duplex;
  /** The gateway's end. */
  readonly server: Duplex;
  ended = false;

  constructor() {
    const [client, server] = duplexPair({ allowHalfOpen: false });
    this.stream = client;
    this.server = server;
    const decoder = new FrameDecoder(10_000_000);
    client.on('data', (chunk: Buffer) => {
      this.raw.push(chunk);
      decoder.push(chunk, (frame) => this.frames.push(decodeServerFrame(frame.slice())));
    });
    client.on('end', () => {
      this.ended = true;
    });
    gateway.accept(server);
  }

  /** Logged in as a cim client. */
  static async cim(userId = 1, epoch = new Uint8Array(8).fill(userId)): Promise<Peer> {
    const peer = new Peer();
    const login = {
      requestId: userId,
      reqMsg: `user-${userId}`,
      protocolVersion: 1,
      device: 'phone',
      connectionNumber: 5,
      epoch,
    };
    peer.write(encodeRequest(login));
    await peer.when(({ cmd }) => cmd === command.welcome);
    return peer;
  }

  /** Logged in as a Java peer. */
  static async java(userId = 2): Promise<Peer> {
    const peer = new Peer();
    const before = opens.length;
    peer.write(encodeRequest({ requestId: userId, reqMsg: `user-${userId}` }));
    await waitUntil('the login is asked for', () => opens.length > before);
    return peer;
  }

  write(data: Uint8Array): void {
    this.stream.write(data);
  }

  when(matches: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    return waitUntil('a frame', () => this.frames.find(matches));
  }

  whenEnded(): Promise<unknown> {
    return waitUntil('the connection ends', () => this.ended);
  }
}

function message(sendSeq: number, text = 'hi'): Uint8Array {
  return encodeRequest({ cmd: command.message, reqMsg: text, to: 2, sendSeq });
}

/** A body as a route stores it. */
function body(from: number, text: string, to: number | 'lobby' = 2): Uint8Array {
  const receiver = typeof to === 'number' ? { to } : { group: to };
  const origin = { from, fromName: `user-${from}`, epochHex: `0${from}`.repeat(8), at: 1 };
  return appendOrigin(encodeClientMessage({ ...receiver, sendSeq: 1, text }), origin);
}

describe('a login', () => {
  test('counts when the route took it, and its end is reported with the number that the route gave', async () => {
    const peer = await Peer.cim();
    expect(opens[0]).toMatchObject({
      userId: 1,
      device: 'phone',
      connectionNumber: 5,
      instance: 'me',
      address: '10.0.0.1:9000:8081',
    });
    expect([...gateway.sessions()]).toHaveLength(1);
    peer.stream.end();
    await waitUntil('the end is reported', async () => {
      await clock.advance(1);
      return closes.length === 1;
    });
    expect(closes[0]).toEqual({ userId: 1, device: 'phone', connectionNumber: 7, instance: 'me' });
  });

  test('that the route refuses ends with its code and reason', async () => {
    answerOpen = () => ({ ...opened, code: 301, reason: 'no such account' });
    const peer = new Peer();
    peer.write(
      encodeRequest({
        requestId: 1,
        reqMsg: 'x',
        protocolVersion: 1,
        device: 'phone',
        connectionNumber: 5,
        epoch: new Uint8Array(8),
      }),
    );
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({
      code: 301,
      reason: 'no such account',
    });
    await peer.whenEnded();
    expect(closes).toEqual([]);
  });

  test('that does not come within 10 s ends the connection, and not before', async () => {
    const peer = new Peer();
    await clock.advance(limits.loginMsMax);
    expect(peer.ended).toBe(false);
    await clock.advance(2 * limits.sweepMs);
    await peer.whenEnded();
  });

  test('of a version that is not spoken here is told so', async () => {
    const peer = new Peer();
    peer.write(encodeRequest({ requestId: 1, reqMsg: 'x', protocolVersion: 99 }));
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 305 });
  });

  test('with a device id that is none is told so', async () => {
    const peer = new Peer();
    peer.write(encodeRequest({ requestId: 1, reqMsg: 'x', protocolVersion: 1, device: 'a b' }));
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
  });

  test('while something is said in the lobby learns of it', async () => {
    answerOpen = () => {
      const said = { group: 'lobby', instance: 'me', seq: 6, bodies: [body(9, 'early', 'lobby')] };
      void callOne(gateway.api.pushGroup, said);
      return { ...opened, groupHead: 5 };
    };
    const peer = await Peer.cim();
    expect(await peer.when(({ cmd }) => cmd === command.hint)).toMatchObject({
      group: 'lobby',
      head: 6,
    });
    expect(peer.frames[0]).toMatchObject({ cmd: command.welcome, groupHead: 5 });
  });

  test('of a connection that has gone before a route could be asked is never asked for', async () => {
    let isRefused = true;
    answerInterest = () => ({ code: isRefused ? 8100 : 0, head: 0 });
    const gone = new Peer();
    gone.write(encodeRequest({ requestId: 1, reqMsg: 'x' }));
    gone.stream.end();
    await waitUntil('it has gone', () => gateway.connectionCount === 0);
    isRefused = false;
    const stayed = new Peer();
    stayed.write(encodeRequest({ requestId: 2, reqMsg: 'y' }));
    await waitUntil('a login is asked for', async () => {
      await clock.advance(500);
      return opens.length > 0;
    });
    expect(opens.map(({ userId }) => userId)).toEqual([2]);
  });

  test('pushed to before its answer has arrived is not denied, and learns that there is something to read', async () => {
    answerOpen = ({ sessionId }) => {
      void callOne(gateway.api.push, {
        sessionIds: [sessionId],
        instance: 'me',
        seq: 4,
        bodies: [body(9, 'early')],
      }).then(({ missing }) => expect(missing).toEqual([]));
      return opened;
    };
    const peer = await Peer.cim();
    expect(peer.frames[0]).toMatchObject({ cmd: command.welcome, head: 4 });
  });
});

describe('messages of a client', () => {
  test('of one turn leave as one batch, and each gets its answer', async () => {
    const peer = await Peer.cim();
    peer.write(Buffer.concat([message(1), message(2), message(3)]));
    await waitUntil(
      'three answers',
      () => peer.frames.filter(({ cmd }) => cmd === command.ack).length === 3,
    );
    expect(
      peer.frames
        .filter(({ cmd }) => cmd === command.ack)
        .map(({ sendSeq, to, seq }) => [sendSeq, to, seq]),
    ).toEqual([
      [1, 2, 1],
      [2, 2, 2],
      [3, 2, 3],
    ]);
    expect(submits[0]).toMatchObject({ from: 1, fromName: 'user-1', instance: 'me' });
  });

  test('are not read on while too many wait for an answer, and its silence then is not held against it', async () => {
    const peer = await Peer.cim();
    heldSubmits = [];
    const held = heldSubmits;
    for (let sendSeq = 1; sendSeq <= 3 * limits.inFlightPerConnectionMax; sendSeq++)
      peer.write(message(sendSeq));
    await waitUntil('the bound is reached', () => held.length >= limits.inFlightPerConnectionMax);
    await clock.advance(2 * limits.silenceMsMax);
    expect(peer.ended).toBe(false);
    // One chunk may hold several frames, so it may pass the bound by what was read already; not by
    // all.
    expect(held.length).toBeLessThan(2 * limits.inFlightPerConnectionMax);
    const answer = setInterval(() => {
      for (const reply of held.splice(0)) reply();
    }, 1);
    await waitUntil('all are taken', () => submits.length === 3 * limits.inFlightPerConnectionMax);
    clearInterval(answer);
  });
});

describe('what one client may ask of others', () => {
  test('a message that carries fields of other frames, or an endless group name, ends its connection', async () => {
    const stowaways = [
      { cmd: command.message, reqMsg: 'x', to: 2, sendSeq: 1, device: 'phone' },
      { cmd: command.message, reqMsg: 'x', to: 2, sendSeq: 1, afterIdentity: 'x' },
      { cmd: command.message, reqMsg: 'x', group: 'g'.repeat(65), sendSeq: 1 },
    ];
    for (const [index, fields] of stowaways.entries()) {
      const peer = await Peer.cim(10 + index);
      peer.write(encodeRequest(fields));
      expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
    }
    expect(submits).toEqual([]);
  });

  test('reads beyond a few at a time are refused, those under way are answered', async () => {
    const peer = await Peer.cim();
    const flood = Array.from({ length: 50 }, () => encodeRequest({ cmd: command.read, after: 0 }));
    peer.write(Buffer.concat(flood));
    const ends = () => peer.frames.filter(({ cmd }) => cmd === command.read);
    await waitUntil('all are answered', () => ends().length === 50);
    expect(reads).toHaveLength(limits.readsPerConnectionMax);
    expect(ends().filter(({ code }) => code === 8100)).toHaveLength(
      50 - limits.readsPerConnectionMax,
    );
  });

  test('of many cursors one is on its way and the last is told', async () => {
    const peer = await Peer.cim();
    const flood = Array.from({ length: 500 }, (_, index) =>
      encodeRequest({ cmd: command.ack, after: index + 1 }),
    );
    peer.write(Buffer.concat(flood));
    await waitUntil('the last is told', () => acknowledgements.at(-1)?.seq === 500);
    expect(acknowledgements).toHaveLength(2);
  });
});

describe('a mistake of ours', () => {
  test('ends the connection that brought it out, and no other', async () => {
    const [unlucky, other] = [await Peer.cim(1), await Peer.cim(3)];
    const bug = jest.spyOn(gateway, 'acknowledge').mockImplementationOnce(() => {
      throw new TypeError('a bug');
    });
    unlucky.write(encodeRequest({ cmd: command.ack, after: 1 }));
    expect(await unlucky.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 104 });
    expect(bug).toHaveBeenCalledTimes(1);
    other.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
    await other.when(({ cmd }) => cmd === command.ping);
  });
});

describe('silence', () => {
  test('of 33 s ends a connection; a ping within that time keeps it', async () => {
    const [silent, pinging] = [await Peer.cim(1), await Peer.cim(3)];
    for (let second = 0; second < 33; second += 11) {
      await clock.advance(11_000);
      pinging.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
      const pongs = second / 11 + 1;
      await waitUntil(
        'a pong',
        () => pinging.frames.filter(({ cmd }) => cmd === command.ping).length === pongs,
      );
    }
    expect(silent.ended).toBe(false);
    await clock.advance(2_000);
    expect(await silent.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 101 });
    expect(pinging.ended).toBe(false);
  });
});

describe('pushes', () => {
  test('reach the named sessions; unknown ones and those of another process are reported missing', async () => {
    const peer = await Peer.cim();
    const { sessionId } = opens[0] as OpenEntry;
    const push = {
      sessionIds: [sessionId, 999],
      instance: 'me',
      seq: 5,
      bodies: [body(9, 'a'), body(9, 'b')],
    };
    expect(await callOne(gateway.api.push, push)).toEqual({ missing: [999] });
    await peer.when(({ seq }) => seq === 6);
    expect(
      peer.frames
        .filter(({ cmd }) => cmd === command.message)
        .map(({ resMsg, seq }) => [resMsg, seq]),
    ).toEqual([
      ['a', 5],
      ['b', 6],
    ]);
    expect(await callOne(gateway.api.push, { ...push, instance: 'my predecessor' })).toEqual({
      missing: [sessionId, 999],
    });
  });

  test('of a group reach everybody but the connection that sent it; a Java peer gets properties', async () => {
    const [sender, other, java] = [await Peer.cim(1), await Peer.cim(3), await Peer.java(2)];
    await callOne(gateway.api.pushGroup, {
      group: 'lobby',
      instance: 'me',
      seq: 8,
      bodies: [body(1, 'all', 'lobby')],
    });
    expect(await other.when(({ cmd }) => cmd === command.message)).toMatchObject({
      resMsg: 'all',
      group: 'lobby',
      seq: 8,
      from: 1,
    });
    const got = await java.when(({ cmd }) => cmd === command.message);
    expect(got.properties).toEqual({ sendUserId: '1', sendUserName: 'user-1', receiveUserId: '2' });
    expect(got).toMatchObject({ resMsg: 'all', responseId: 2, seq: 0, from: 0 });
    expect(sender.frames.filter(({ cmd }) => cmd === command.message)).toEqual([]);
  });

  test('of a group without a body are a hint for everybody who can read on, and nothing for a Java peer', async () => {
    const [one, java] = [await Peer.cim(1), await Peer.java(2)];
    await callOne(gateway.api.pushGroup, { group: 'lobby', instance: 'me', seq: 8, bodies: [] });
    expect(await one.when(({ cmd }) => cmd === command.hint)).toMatchObject({
      group: 'lobby',
      head: 8,
    });
    java.write(bytes(golden.ping));
    await java.when(({ cmd }) => cmd === command.ping);
    expect(java.frames).toHaveLength(1);
  });
});

describe('a Java peer', () => {
  test('gets what is pending before anything live, and its cursor moves when that was written', async () => {
    answerOpen = () => ({ ...opened, cursor: 2, head: 5 });
    answerRead = ({ after }) => ({
      ...emptyPage,
      head: 5,
      seqs: [3, 4, 5].filter((seq) => seq > after),
      bodies: [body(9, 'one'), body(9, 'two'), body(8, 'three')],
    });
    const java = await Peer.java();
    await java.when(({ properties }) => properties['sendUserId'] === '8');
    expect(java.frames.map(({ cmd, batchResMsg }) => [cmd, batchResMsg])).toEqual([
      [command.offline, ['one', 'two']],
      [command.offline, ['three']],
    ]);
    const { sessionId } = opens[0] as OpenEntry;
    await callOne(gateway.api.push, {
      sessionIds: [sessionId],
      instance: 'me',
      seq: 6,
      bodies: [body(9, 'live')],
    });
    expect(await java.when(({ cmd }) => cmd === command.message)).toMatchObject({ resMsg: 'live' });
    await waitUntil('the cursor moved', () => acknowledgements.at(-1)?.seq === 6);
    expect(acknowledgements.at(-1)).toEqual({ userId: 2, device: '', seq: 6, group: '' });
  });

  test('misses nothing that is pushed while a page is on its way', async () => {
    answerOpen = () => ({ ...opened, head: 1 });
    answerRead = ({ after }) => {
      if (after > 0) return { ...emptyPage, head: 2, seqs: [2], bodies: [body(9, 'second')] };
      // The page was read before the second was stored, and arrives after its push.
      const { sessionId } = opens[0] as OpenEntry;
      const push = { sessionIds: [sessionId], instance: 'me', seq: 2, bodies: [body(9, 'second')] };
      void callOne(gateway.api.push, push);
      return { ...emptyPage, head: 1, seqs: [1], bodies: [body(9, 'first')] };
    };
    const java = await Peer.java();
    await waitUntil('both are written', () => java.frames.length === 2);
    expect(java.frames.flatMap(({ batchResMsg }) => batchResMsg)).toEqual(['first', 'second']);
  });

  test('whose connection breaks keeps its place: what was not written is not acknowledged', async () => {
    const java = await Peer.java();
    await waitUntil('it is logged in', () => [...gateway.sessions()].length === 1);
    const { sessionId } = opens[0] as OpenEntry;
    java.server.write = ((_data: unknown, done?: (error: Error) => void) => {
      done?.(new Error('EPIPE'));
      return false;
    }) as Duplex['write'];
    const push = { sessionIds: [sessionId], instance: 'me', seq: 1, bodies: [body(9, 'lost?')] };
    await callOne(gateway.api.push, push);
    await settle();
    expect(acknowledgements).toEqual([]);
  });

  test('is not shown what its own user sent from another device', async () => {
    const java = await Peer.java();
    const { sessionId } = opens[0] as OpenEntry;
    await waitUntil('it is logged in', () => [...gateway.sessions()].length === 1);
    for (const [index, pushed] of [body(2, 'mine', 9), body(9, 'theirs')].entries()) {
      await callOne(gateway.api.push, {
        sessionIds: [sessionId],
        instance: 'me',
        seq: index + 1,
        bodies: [pushed],
      });
    }
    await java.when(({ cmd }) => cmd === command.message);
    expect(java.frames.map(({ resMsg }) => resMsg)).toEqual(['theirs']);
  });

  test('is answered a ping byte for byte', async () => {
    const java = await Peer.java();
    java.write(bytes(golden.ping));
    await waitUntil('a pong', () => Buffer.concat(java.raw).toString('hex') === golden.pong);
  });
});

describe('stopping', () => {
  test('tells everybody to go elsewhere, and ends when they have gone and the routes know', async () => {
    const peer = await Peer.cim();
    peer.stream.on('end', () => peer.stream.end());
    const stopped = gateway.stop();
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 200 });
    await waitUntil('the end is reported', async () => {
      await clock.advance(1);
      return closes.length === 1;
    });
    await stopped;
    expect(closes).toHaveLength(1);
    expect(gateway.connectionCount).toBe(0);
  });
});
