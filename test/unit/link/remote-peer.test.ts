/** What a peer tells of its link before anything is given up: whether it is lost, and whether it is silent. */
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { type RouteApi, routeMethods, type SubmitEntry } from '../../../src/api/route-api.ts';
import { limits } from '../../../src/base/limits.ts';
import type { Bugs } from '../../../src/base/process/bugs.ts';
import { serveLink } from '../../../src/link/link-host.ts';
import { RemotePeer } from '../../../src/link/remote-peer.ts';
import { noBugs } from '../../support/bugs.ts';
import { processBudget } from '../../support/process-budget.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';

const entry: SubmitEntry = {
  from: 1,
  fromName: 'amy',
  epochHex: '00'.repeat(8),
  instance: 'i',
  sessionId: 1,
  to: 7,
  group: '',
  sendSeq: 1,
  restart: false,
  silent: false,
  keyEpoch: 0,
  refusal: 0,
  count: 1,
  bodies: new Uint8Array(),
};

/** A peer whose role answers when it is told to; each dialling waits until it is told how it ends. */
function start(bugs: Pick<Bugs, 'caught'> = noBugs) {
  const clock = new VirtualClock();
  const held: (() => void)[] = [];
  const api = {
    submit: (entries, answer) => {
      for (const index of entries.keys())
        held.push(() => answer(index, { code: 0, seq: 1, expected: 0, duplicates: 0 }));
    },
  } as RouteApi;
  const dialled: { accept: () => Duplex; refuse: () => void }[] = [];
  const dial = () =>
    new Promise<Duplex>((resolve, reject) => {
      const accept = () => {
        const [stream, theirs] = pair();
        serveLink(theirs, routeMethods, api, processBudget(), noBugs);
        resolve(stream);
        return stream;
      };
      dialled.push({ accept, refuse: () => reject(new Error('nobody answers')) });
    });
  const peer = new RemotePeer<RouteApi>(routeMethods, {
    dial,
    clock,
    budget: processBudget(),
    bugs,
  });
  const answered: number[] = [];
  const submit = () => peer.api.submit([entry], (_index, { code }) => answered.push(code));
  return { clock, peer, held, dialled, answered, submit };
}

/** Both ends of a stream. */
function pair(): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        other().push(chunk);
        done();
      },
    });
  const one: Duplex = end(() => another);
  const another: Duplex = end(() => one);
  return [one, another];
}

test('a link is silent when answers are waited for and nothing comes, until something does', async () => {
  const { clock, peer, held, dialled, answered, submit } = start();
  submit();
  dialled[0]?.accept();
  await waitUntil('it is asked', () => held.length === 1);
  expect(peer.isSilent).toBe(false);
  await clock.advance(limits.linkSilentMs + 100);
  expect(peer.isSilent).toBe(true);
  submit();
  await waitUntil('it is asked again', () => held.length === 2);
  held[0]?.();
  await waitUntil('one is answered', () => answered.length === 1);
  expect(peer.isSilent).toBe(false);
  held[1]?.();
  await waitUntil('both are answered', () => answered.length === 2);
});

test('a link on which nobody waits is not silent, nor is what is asked after a long time', async () => {
  const { clock, peer, held, dialled, answered, submit } = start();
  submit();
  dialled[0]?.accept();
  await waitUntil('it is asked', () => held.length === 1);
  held[0]?.();
  await waitUntil('it is answered', () => answered.length === 1);
  await clock.advance(10 * limits.linkSilentMs);
  expect(peer.isSilent).toBe(false);
  submit();
  await clock.advance(limits.linkSilentMs - 100);
  expect(peer.isSilent).toBe(false);
});

test('a role that takes long to be dialled is silent meanwhile', async () => {
  const { clock, peer, held, dialled, submit } = start();
  submit();
  expect(peer.isSilent).toBe(false);
  await clock.advance(limits.linkSilentMs + 1);
  expect([peer.isSilent, peer.isLost]).toEqual([true, false]);
  dialled[0]?.accept();
  await waitUntil('it is asked', () => held.length === 1);
  expect(peer.isSilent).toBe(false);
});

test('a link that broke is lost until the role is there again, however often it is dialled', async () => {
  const { clock, peer, held, dialled, answered, submit } = start();
  submit();
  const stream = dialled[0]?.accept();
  await waitUntil('it is asked', () => held.length === 1);
  stream?.destroy();
  await waitUntil('it is given up', () => answered.length === 1);
  expect(peer.isLost).toBe(true);
  for (let dials = 2; dials < 5; dials++) {
    await clock.advance(60_000);
    peer.reach();
    expect(dialled).toHaveLength(dials);
    expect(peer.isLost).toBe(true);
    dialled.at(-1)?.refuse();
    await settle();
    expect(peer.isLost).toBe(true);
  }
  await clock.advance(60_000);
  peer.reach();
  dialled.at(-1)?.accept();
  await settle();
  expect(peer.isLost).toBe(false);
});

test('a mistake of whoever hears an answer is told, and ends no link of all others', async () => {
  const told: unknown[] = [];
  const bugs = { caught: (error: unknown) => told.push(error) > 0 };
  const { clock, peer, held, dialled, answered, submit } = start(bugs);
  const mistake = new TypeError('undefined is not a function');
  const stumble = () =>
    peer.api.submit([entry], () => {
      throw mistake;
    });
  stumble();
  submit();
  dialled[0]?.accept();
  await waitUntil('both are asked', () => held.length === 2);
  for (const answer of held) answer();
  await waitUntil('the other is answered', () => answered.length === 1);
  expect([peer.isLost, told]).toEqual([false, [mistake]]);
  // Nor does one that hears of no answer end the process, or keep others from hearing.
  stumble();
  submit();
  await waitUntil('both are asked again', () => held.length === 4);
  await clock.advance(limits.linkAnswerMsMax + 200);
  await waitUntil('the other hears of no answer', () => answered.length === 2);
  expect(told).toEqual([mistake, mistake]);
});
