/** Follows one timeline by hand: what is emitted, and when it wants to read. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import {
  type Entry,
  type Position,
  TimelineCursor,
} from '../../../../src/client/sdk/receiving/timeline-cursor.ts';
import type { PageEnd } from '../../../../src/codec/server-frame.ts';

/** A reader at the end of an application that takes at once, unless `slow`. */
function follow(
  start: Position = { seq: 0, identity: '' },
  { slow = false, head = start.seq } = {},
) {
  const shown: string[] = [];
  const untaken: Entry<string>[] = [];
  const reader = {
    shown,
    untaken,
    now: 0,
    cursor: new TimelineCursor<string>({
      start,
      random: () => 0.5,
      untakenCount: () => untaken.length,
      emit: (entry) => {
        untaken.push(entry);
        if (!slow) reader.take();
      },
    }),
    take(count = Infinity) {
      for (const entry of untaken.splice(0, count)) {
        if (entry.content !== null) shown.push(entry.content);
        reader.cursor.taken(entry);
      }
    },
    arrive(...seqs: number[]) {
      for (const seq of seqs) reader.cursor.arrived(entryOf(seq), reader.now);
    },
    read() {
      return reader.cursor.nextRead(reader.now);
    },
    pageEnd(page: Partial<PageEnd> & { head: number }, last = 0) {
      const end = { group: '', after: 0, first: 1, rewound: false, code: 0, ...page };
      return reader.cursor.pageEnded(end, last, reader.now);
    },
  };
  // The emit above runs while `reader` is being set up only if something is emitted in the
  // constructor, which never happens.
  reader.cursor.connected(head);
  return reader;
}

/** By default message n is "mn", identity and content alike, accepted at n. */
function entryOf(seq: number, name = `m${seq}`, at = seq): Entry<string> {
  return { seq, identity: name, at, content: name };
}

describe('what is pushed', () => {
  test('in order is emitted at once, and nothing is read', () => {
    const reader = follow();
    reader.arrive(1, 2, 3);
    expect(reader.shown).toEqual(['m1', 'm2', 'm3']);
    expect(reader.cursor.position).toEqual({ seq: 3, identity: 'm3' });
    expect(reader.read()).toBeNull();
    expect(reader.cursor.wakeAt).toBe(Infinity);
  });

  test('twice is emitted once', () => {
    const reader = follow();
    reader.arrive(1, 2, 1, 2, 2);
    expect(reader.shown).toEqual(['m1', 'm2']);
    expect(reader.read()).toBeNull();
  });

  test('out of order is put in order without a read', () => {
    const reader = follow();
    reader.arrive(3, 2, 5, 1, 4);
    expect(reader.shown).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(reader.read()).toBeNull();
    expect(reader.cursor.wakeAt).toBe(Infinity);
  });

  test('ahead is held for 50 ms, then what is missing is read', () => {
    const reader = follow();
    reader.now = 1_000;
    reader.arrive(1, 3);
    expect(reader.shown).toEqual(['m1']);
    expect(reader.cursor.wakeAt).toBe(1_050);
    reader.now = 1_049;
    expect(reader.read()).toBeNull();
    reader.now = 1_050;
    expect(reader.read()).toEqual({ after: 1, afterIdentity: 'm1', limit: limits.pageMessagesMax });
    expect(reader.read()).toBeNull();
    reader.arrive(2, 3);
    reader.pageEnd({ after: 1, head: 3 });
    expect(reader.shown).toEqual(['m1', 'm2', 'm3']);
    expect(reader.read()).toBeNull();
  });

  test('each gap has its own 50 ms', () => {
    const reader = follow();
    reader.arrive(2, 5);
    reader.now = 40;
    reader.arrive(1);
    expect(reader.shown).toEqual(['m1', 'm2']);
    expect(reader.cursor.wakeAt).toBe(90);
  });

  test('without anything to show counts as seen, in its place', () => {
    const reader = follow();
    reader.cursor.arrived({ ...entryOf(2, 'own'), content: null }, 0);
    expect(reader.cursor.position.seq).toBe(0);
    reader.arrive(1, 3);
    expect(reader.shown).toEqual(['m1', 'm3']);
    expect(reader.cursor.position.seq).toBe(3);
  });

  test('beyond what may be held is read later', () => {
    const reader = follow();
    for (let seq = 2; seq <= limits.clientHeldMessagesMax + 10; seq++) reader.arrive(seq);
    reader.arrive(1);
    expect(reader.shown).toHaveLength(limits.clientHeldMessagesMax + 1);
    expect(reader.read()).toMatchObject({ after: limits.clientHeldMessagesMax + 1 });
  });
});

describe('reading', () => {
  test('goes on until the head is reached', () => {
    const reader = follow({ seq: 0, identity: '' }, { head: 5 });
    expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
    reader.arrive(1, 2);
    reader.pageEnd({ after: 0, head: 5 });
    expect(reader.read()).toMatchObject({ after: 2, afterIdentity: 'm2' });
    reader.arrive(3, 4, 5);
    reader.pageEnd({ after: 2, head: 5 });
    expect(reader.read()).toBeNull();
    expect(reader.shown).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  test('starts at a hint, and not at a hint of what is known', () => {
    const reader = follow();
    reader.arrive(1, 2);
    reader.cursor.hinted(2);
    expect(reader.read()).toBeNull();
    reader.cursor.hinted(3);
    expect(reader.read()).toMatchObject({ after: 2 });
  });

  test('is repeated once for a hint that came while it was under way', () => {
    const reader = follow({ seq: 0, identity: '' }, { head: 1 });
    reader.read();
    reader.cursor.hinted(7);
    reader.arrive(1);
    reader.pageEnd({ head: 1 });
    expect(reader.read()).toMatchObject({ after: 1 });
    reader.pageEnd({ after: 1, head: 1 });
    expect(reader.read()).toBeNull();
  });

  test('is repeated with backoff while the store is busy', () => {
    const reader = follow({ seq: 4, identity: 'm4' }, { head: 5 });
    reader.read();
    reader.pageEnd({ after: 4, head: 0, code: 8100 });
    expect(reader.read()).toBeNull();
    const first = reader.cursor.wakeAt;
    expect(first).toBeGreaterThanOrEqual(100);
    reader.now = first;
    expect(reader.read()).toMatchObject({ after: 4, afterIdentity: 'm4' });
    reader.pageEnd({ after: 4, head: 0, code: 8100 });
    expect(reader.cursor.wakeAt - first).toBeGreaterThan(first);
  });

  test('backs off, too, when an answer brings nothing', () => {
    const reader = follow({ seq: 4, identity: 'm4' }, { head: 5 });
    reader.read();
    reader.pageEnd({ after: 4, head: 5 });
    expect(reader.read()).toBeNull();
    expect(reader.cursor.wakeAt).toBeLessThan(Infinity);
  });

  test('passes what retention took, says so, and gives what was held behind', () => {
    const reader = follow({ seq: 2, identity: 'm2' }, { head: 12 });
    reader.read();
    reader.arrive(10, 11);
    expect(reader.shown).toEqual([]);
    expect(reader.pageEnd({ after: 2, head: 12, first: 10 })).toEqual({ first: 3, last: 9 });
    expect(reader.shown).toEqual(['m10', 'm11']);
    expect(reader.read()).toMatchObject({ after: 11, afterIdentity: 'm11' });
  });

  test('passes a timeline that has lost everything', () => {
    const reader = follow({ seq: 2, identity: 'm2' }, { head: 9 });
    reader.read();
    expect(reader.pageEnd({ after: 2, head: 9, first: 10 })).toEqual({ first: 3, last: 9 });
    expect(reader.cursor.position).toEqual({ seq: 9, identity: '' });
    expect(reader.read()).toBeNull();
  });

  test('after a reconnect verifies the place even if the head has not moved', () => {
    const reader = follow();
    expect(reader.read()).toBeNull();
    reader.arrive(1);
    reader.cursor.disconnected();
    expect(reader.read()).toBeNull();
    reader.cursor.connected(1);
    expect(reader.read()).toMatchObject({ after: 1, afterIdentity: 'm1' });
  });

  test('what was held below what retention took is forgotten', () => {
    const reader = follow({ seq: 2, identity: 'm2' }, { head: 10 });
    reader.arrive(5);
    reader.read();
    reader.arrive(10);
    reader.pageEnd({ after: 2, head: 10, first: 10 });
    expect(reader.shown).toEqual(['m10']);
    expect(reader.cursor.wakeAt).toBe(Infinity);
  });

  test('that a lost connection left unanswered is asked again', () => {
    const reader = follow({ seq: 0, identity: '' }, { head: 2 });
    reader.read();
    expect(reader.cursor.waitingSince).toBe(0);
    reader.cursor.disconnected();
    expect(reader.cursor.waitingSince).toBe(Infinity);
    reader.cursor.connected(2);
    expect(reader.read()).toMatchObject({ after: 0 });
  });
});

describe('a slow application', () => {
  test('is not ahead of what it took', () => {
    const reader = follow(undefined, { slow: true });
    reader.arrive(1, 2, 3);
    expect(reader.cursor.position.seq).toBe(0);
    reader.take(2);
    expect(reader.cursor.position).toEqual({ seq: 2, identity: 'm2' });
  });

  test('holds back reading; what was pushed meanwhile is read when it has caught up', () => {
    const reader = follow(undefined, { slow: true });
    const count = limits.clientHeldMessagesMax + 50;
    for (let seq = 1; seq <= count; seq++) reader.arrive(seq);
    expect(reader.untaken).toHaveLength(limits.clientHeldMessagesMax);
    expect(reader.read()).toBeNull();
    reader.take(limits.clientHeldMessagesMax / 2);
    expect(reader.read()).toMatchObject({ after: limits.clientHeldMessagesMax });
    for (let seq = limits.clientHeldMessagesMax + 1; seq <= count; seq++) reader.arrive(seq);
    reader.pageEnd({ head: count });
    reader.take();
    expect(reader.shown).toHaveLength(count);
    expect(reader.cursor.position.seq).toBe(count);
  });

  test('knows what it has not taken yet', () => {
    const reader = follow(undefined, { slow: true });
    reader.arrive(1, 2);
    reader.cursor.disconnected();
    reader.cursor.connected(2);
    reader.read();
    reader.pageEnd({ after: 2, head: 2, rewound: true });
    expect(reader.read()).toMatchObject({ after: 0 });
    reader.arrive(1, 2);
    reader.take();
    expect(reader.shown).toEqual(['m1', 'm2']);
  });
});

describe('a store that gives numbers out anew', () => {
  test('is asked when a number comes that lies before all that would be known again', () => {
    const reader = follow({ seq: 5, identity: 'm5' });
    reader.read();
    reader.pageEnd({ after: 5, head: 5 });
    reader.arrive(6, 7);
    reader.cursor.arrived(entryOf(4, 'anew 4', 10), reader.now);
    expect(reader.read()).toMatchObject({ after: 7, afterIdentity: 'm7' });
    reader.pageEnd({ after: 7, head: 4, rewound: true });
    expect(reader.read()).toMatchObject({ after: 0 });
    reader.arrive(1, 2, 3);
    reader.cursor.arrived(entryOf(4, 'anew 4', 10), reader.now);
    reader.pageEnd({ after: 0, head: 4 });
    expect(reader.shown).toEqual(['m6', 'm7', 'anew 4']);
  });

  /** Shown: m1 … m6; the store keeps m1 … m4 and then has x5, x6, x7. */
  function rewound() {
    const reader = follow();
    reader.arrive(1, 2, 3, 4, 5, 6);
    reader.cursor.disconnected();
    reader.cursor.connected(7);
    return reader;
  }

  test('is read again from the oldest known; only what is new is shown', () => {
    const reader = rewound();
    expect(reader.read()).toMatchObject({ after: 6, afterIdentity: 'm6' });
    reader.pageEnd({ after: 6, head: 7, rewound: true });
    expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
    for (const seq of [1, 2, 3, 4]) reader.arrive(seq);
    for (const seq of [5, 6, 7]) reader.cursor.arrived(entryOf(seq, `x${seq}`, 100 + seq), 0);
    reader.pageEnd({ head: 7 });
    expect(reader.shown.slice(6)).toEqual(['x5', 'x6', 'x7']);
    expect(reader.cursor.position).toEqual({ seq: 7, identity: 'x7' });
    expect(reader.read()).toBeNull();
  });

  test('with a lower head sets the cursor back', () => {
    const reader = follow();
    reader.arrive(1, 2, 3);
    reader.cursor.disconnected();
    reader.cursor.connected(2);
    reader.read();
    reader.pageEnd({ after: 3, head: 2, rewound: true });
    reader.read();
    reader.arrive(1, 2);
    reader.pageEnd({ head: 2 });
    expect(reader.cursor.position).toEqual({ seq: 2, identity: 'm2' });
    reader.cursor.arrived(entryOf(3, 'x3', 100), 0);
    expect(reader.shown).toEqual(['m1', 'm2', 'm3', 'x3']);
  });

  test('is found out by a push of a new message under an old number, or under the newest', () => {
    for (const old of [2, 3]) {
      const reader = follow();
      reader.arrive(1, 2, 3);
      // This one fits by its number: only the next one tells.
      reader.cursor.arrived(entryOf(4, 'x4', 104), 0);
      reader.cursor.arrived(entryOf(old, `x${old}`, 100 + old), 0);
      expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
      reader.arrive(1);
      for (const seq of [2, 3, 4]) reader.cursor.arrived(entryOf(seq, `x${seq}`, 100 + seq), 0);
      reader.pageEnd({ head: 4 });
      expect(reader.shown).toEqual(['m1', 'm2', 'm3', 'x4', 'x2', 'x3']);
      expect(reader.cursor.position).toEqual({ seq: 4, identity: 'x4' });
      expect(reader.read()).toBeNull();
    }
  });

  test('is found out while a read is under way: its answer is about a place that was left', () => {
    const reader = follow();
    reader.arrive(1, 2, 3);
    reader.cursor.hinted(4);
    expect(reader.read()).toMatchObject({ after: 3 });
    reader.cursor.arrived(entryOf(2, 'x2', 102), 0);
    reader.cursor.arrived(entryOf(4, 'x4', 104), 0);
    reader.pageEnd({ after: 3, head: 4 });
    expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
  });

  test('is found out before an old place could be verified: that is not asked for any more', () => {
    for (const trouble of ['lost', 'busy'] as const) {
      const reader = follow();
      reader.arrive(1, 2, 3);
      reader.cursor.hinted(5);
      reader.read();
      if (trouble === 'busy') reader.pageEnd({ head: 0, code: 8100 });
      reader.cursor.arrived(entryOf(2, 'x2', 102), 0);
      if (trouble === 'lost') {
        reader.cursor.disconnected();
        reader.cursor.connected(5);
      }
      reader.now = Math.max(0, reader.cursor.wakeAt);
      expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
    }
  });

  test('is still verified at the old place when the first answer was busy, or did not come', () => {
    const reader = rewound();
    reader.read();
    reader.cursor.arrived(entryOf(7, 'x7', 107), 0);
    reader.pageEnd({ after: 6, head: 0, code: 8100 });
    reader.now = reader.cursor.wakeAt;
    expect(reader.read()).toMatchObject({ after: 6, afterIdentity: 'm6' });
    reader.cursor.disconnected();
    reader.cursor.connected(7);
    expect(reader.read()).toMatchObject({ after: 6, afterIdentity: 'm6' });
  });

  test('is verified where we were, too, after the place of a read that never came to it', () => {
    const reader = follow({ seq: 1, identity: 'm1' }, { head: 3 });
    expect(reader.read()).toMatchObject({ after: 1 });
    reader.arrive(2, 3);
    reader.cursor.disconnected();
    // The store loses m3, and gives its number to another.
    reader.cursor.connected(3);
    expect(reader.read()).toMatchObject({ after: 1, afterIdentity: 'm1' });
    reader.arrive(2);
    reader.pageEnd({ after: 1, head: 3 });
    expect(reader.read()).toMatchObject({ after: 3, afterIdentity: 'm3' });
  });

  test('or may have done so while we were away: what was held from before is not used', () => {
    const reader = follow();
    reader.arrive(1, 2, 4);
    reader.cursor.disconnected();
    reader.cursor.connected(4);
    reader.read();
    for (const seq of [3, 4]) reader.cursor.arrived(entryOf(seq, `x${seq}`, 100), 0);
    reader.pageEnd({ after: 2, head: 4 });
    expect(reader.shown).toEqual(['m1', 'm2', 'x3', 'x4']);
  });

  test('makes what was held of the old numbers worthless', () => {
    const reader = follow();
    reader.arrive(1, 2, 4);
    reader.cursor.disconnected();
    reader.cursor.connected(4);
    reader.read();
    reader.arrive(5);
    reader.pageEnd({ after: 2, head: 4, rewound: true });
    reader.read();
    for (const seq of [1, 2, 3, 4, 5]) reader.cursor.arrived(entryOf(seq, `x${seq}`, 100), 0);
    expect(reader.shown).toEqual(['m1', 'm2', 'x1', 'x2', 'x3', 'x4', 'x5']);
  });

  test('further back than is known is read from its start; what is older than the oldest known is not shown again', () => {
    const reader = follow({ seq: 100, identity: '' });
    for (const seq of [101, 102]) reader.cursor.arrived(entryOf(seq, `m${seq}`, 1_000 + seq), 0);
    reader.cursor.disconnected();
    reader.cursor.connected(3);
    reader.read();
    expect(reader.pageEnd({ after: 102, head: 3, rewound: true })).toBeNull();
    expect(reader.read()).toMatchObject({ after: 0, afterIdentity: '' });
    reader.cursor.arrived(entryOf(1, 'old', 500), 0);
    reader.cursor.arrived(entryOf(2, 'm101', 1_101), 0);
    reader.cursor.arrived(entryOf(3, 'new', 2_000), 0);
    reader.pageEnd({ head: 3 });
    // Only while it catches up: a clock that is behind hides nothing that is pushed later.
    reader.cursor.arrived(entryOf(4, 'live', 900), 0);
    expect(reader.shown).toEqual(['m101', 'm102', 'new', 'live']);
  });

  test('further back than is known, and not kept from its start either, is no gap for the application', () => {
    const reader = follow({ seq: 100, identity: '' });
    reader.cursor.arrived(entryOf(101, 'm101', 1_101), 0);
    reader.cursor.disconnected();
    reader.cursor.connected(9);
    reader.read();
    reader.pageEnd({ after: 101, head: 9, rewound: true });
    reader.read();
    reader.cursor.arrived(entryOf(9, 'new', 2_000), 0);
    expect(reader.pageEnd({ head: 9, first: 9 })).toBeNull();
    expect(reader.shown).toEqual(['m101', 'new']);
  });

  test('and says so again and again is not asked as fast as it answers', () => {
    const reader = follow({ seq: 5, identity: '' }, { head: 6 });
    reader.read();
    reader.pageEnd({ after: 5, head: 6, rewound: true });
    expect(reader.read()).toBeNull();
    expect(reader.cursor.wakeAt).toBeLessThan(Infinity);
  });
});

test('what is remembered is bounded, and the next process knows it', () => {
  const reader = follow();
  const count = limits.clientWindowMax + 100;
  for (let seq = 1; seq <= count; seq++) reader.arrive(seq);
  const window = reader.cursor.saveWindow();
  expect(window).toHaveLength(limits.clientWindowMax);
  expect(window[0]).toEqual(['m101', 101, 101]);

  const shown: string[] = [];
  const next = new TimelineCursor<string>({
    start: reader.cursor.position,
    window,
    random: () => 0.5,
    untakenCount: () => 0,
    emit: ({ content }) => void (content !== null && shown.push(content)),
  });
  next.connected(count);
  next.nextRead(0);
  next.pageEnded({ group: '', after: count, head: count, first: 1, rewound: true, code: 0 }, 0, 0);
  expect(next.nextRead(0)).toMatchObject({ after: 100 });
  next.arrived(entryOf(101), 0);
  next.arrived(entryOf(102, 'x102', 5_000), 0);
  expect(shown).toEqual(['x102']);
});

describe('in another store', () => {
  test('that was empty, everything is read and shown, whatever the numbers', () => {
    const reader = follow();
    reader.arrive(1, 2, 3);
    reader.cursor.disconnected();
    // More was written there than here.
    reader.cursor.connected(5, { beginsAt: 0 });
    expect(reader.read()).toEqual({ after: 0, afterIdentity: '', limit: limits.pageMessagesMax });
    for (let seq = 1; seq <= 5; seq++)
      reader.cursor.arrived(entryOf(seq, `n${seq}`, 100 + seq), reader.now);
    expect(reader.pageEnd({ head: 5 })).toBeNull();
    expect(reader.shown).toEqual(['m1', 'm2', 'm3', 'n1', 'n2', 'n3', 'n4', 'n5']);
    expect(reader.cursor.position).toEqual({ seq: 5, identity: 'n5' });
    expect(reader.cursor.wakeAt).toBe(Infinity);
  });

  test('that was put back, what was shown is not shown again, also beyond what is remembered', () => {
    const reader = follow();
    const last = limits.clientWindowMax + 10;
    for (let seq = 1; seq <= last; seq++) reader.arrive(seq);
    reader.shown.length = 0;
    reader.cursor.disconnected();
    // It has all but the last two, and one that is new.
    reader.cursor.connected(last - 1, { beginsAt: 0 });
    reader.read();
    for (let seq = 1; seq <= last - 2; seq++) reader.arrive(seq);
    reader.cursor.arrived(entryOf(last - 1, 'new', last + 5), reader.now);
    reader.pageEnd({ head: last - 1 });
    expect(reader.shown).toEqual(['new']);
  });

  test('what was said before one joined is not read', () => {
    const reader = follow({ seq: 9, identity: 'm9' });
    reader.cursor.disconnected();
    reader.cursor.connected(6, { beginsAt: 4, readAnyway: true });
    expect(reader.read()).toMatchObject({ after: 4, afterIdentity: '' });
  });

  test('what one sent oneself tells nothing of when: clocks may be apart', () => {
    const reader = follow();
    reader.cursor.arrived({ seq: 1, identity: 'own', at: 0, content: null }, 0);
    reader.arrive(2);
    reader.cursor.disconnected();
    reader.cursor.connected(1, { beginsAt: 0 });
    reader.read();
    reader.cursor.arrived(entryOf(1, 'new', 3), 0);
    reader.pageEnd({ head: 1 });
    expect(reader.shown).toEqual(['m2', 'new']);
  });
});
