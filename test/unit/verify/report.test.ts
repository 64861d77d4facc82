// Goal: a report says what came of a run. Method: small ledgers, and the texts of it.
import { expect, test } from '@jest/globals';
import { numberOf, textOf } from '../../../src/verify/message-text.ts';
import { formatReport, makeReport } from '../../../src/verify/report.ts';
import { check } from '../../../src/witness/checker.ts';
import { Ledger } from '../../../src/witness/ledger.ts';
import { nastyTexts, unsafePattern } from '../../support/nasty-text.ts';

function reportOf(ledger: Ledger, problems: string[] = []) {
  return makeReport({
    seed: 7,
    again: 'cim verify --seed 7',
    people: 2,
    plan: {
      disturbances: [{ atMs: 0, forMs: 0, kind: 'cut', target: 0 }],
      faults: [{ atMs: 1, forMs: 2, kind: 'redis-kill', target: 0 }],
    },
    ledger,
    verdict: check(ledger),
    problems,
    latency: { count: 2, p50Ms: 1.5, p99Ms: 20.4, maxMs: 20.4 },
  });
}

function oneMessage(isShown: boolean): Ledger {
  const ledger = new Ledger([]);
  const [amy, bob] = [ledger.addDevice('1.1', 1), ledger.addDevice('2.1', 2)];
  for (const device of [amy, bob]) ledger.ready(ledger.began(device));
  const sent = ledger.sending(amy, { to: 2 }, Date.UTC(2026, 0, 31, 10));
  ledger.answered(sent, 'stored', { seq: 3 });
  if (isShown) ledger.showed(bob, { number: sent.number, seq: 4, isFaithful: true });
  return ledger;
}

test('of a run that kept its promises', () => {
  const report = reportOf(oneMessage(true));
  expect(report).toMatchObject({
    isKept: true,
    sent: 1,
    shown: 1,
    planned: { 'device cut': 1, 'Redis killed': 1 },
  });
  const text = formatReport(report);
  for (const line of ['sent         1 by 2 devices of 2 people', 'lost         0', 'p50 1.5 ms'])
    expect(text).toContain(line);
  expect(text).toContain('again: cim verify --seed 7\nkept');
});

test('of a run that broke one: who, what, when, on which device', () => {
  const report = reportOf(oneMessage(false));
  expect(report).toMatchObject({ isKept: false, breaches: { lost: 1 } });
  expect(formatReport(report)).toContain(
    'lost: message 1 of device 1.1 (life 0) to user 2 at 2026-01-31T10:00:00.000Z, stored as 3; device 2.1: not shown\n',
  );
  expect(formatReport(report)).toContain('BROKEN');
});

test('of a run in which a change was undone', () => {
  const ledger = oneMessage(true);
  const [amy, bob] = ledger.devices;
  const id = '1.0123456789abcdef.2.1';
  ledger.changed(ledger.changing(amy!, 'react', id, '👍'), 'stored');
  ledger.changed(ledger.changing(bob!, 'edit', id, 'hers'), 'refused', 'not-the-author');
  const picture = { id, from: 1, timeline: 2, seq: 4, aspects: new Map(), isFaithful: true };
  ledger.readBack(ledger.readsBack(bob!), picture);
  const report = reportOf(ledger);
  expect(report).toMatchObject({
    isKept: false,
    changes: { edit: 0, retract: 0, react: 1 },
    changeOutcomes: { stored: 1, refused: 1 },
    codes: { 'not-the-author': 1 },
    pictures: 1,
    breaches: { undone: 1, differing: 0 },
  });
  for (const line of ['changed      1: edits 0, retractions 0, reactions 1', 'undone       1'])
    expect(formatReport(report)).toContain(line);
});

test('what should not have happened breaks it, whatever became of the messages', () => {
  const report = reportOf(oneMessage(true), ['device 1.1 was told not to come back: replaced']);
  expect(report.isKept).toBe(false);
  expect(formatReport(report)).toContain('unexpected: device 1.1 was told');
});

test('texts tell their run and their number, and no two are the same', () => {
  const texts = Array.from({ length: 500 }, (_, number) => textOf('abc', number));
  expect(texts.map((text) => numberOf('abc', text))).toEqual(texts.map((_, number) => number));
  expect(new Set(texts).size).toBe(texts.length);
  expect(numberOf('xyz', textOf('abc', 1))).toBeUndefined();
  expect(numberOf('abc', 'hello')).toBeUndefined();
});

test.each(nastyTexts)('a reason that a role gives cannot bring %s', (_, text) => {
  const printed = formatReport(reportOf(oneMessage(true), [text]));
  expect(printed.replaceAll('\n', '')).not.toMatch(unsafePattern);
  expect(printed.split('\n')).toHaveLength(
    formatReport(reportOf(oneMessage(true), ['x'])).split('\n').length,
  );
});
