import { describe, expect, test } from '@jest/globals';
import { Counters, labelled, mergeFamilies } from '../../../src/base/process/counters.ts';
import { textOf } from '../../../src/http/metrics.ts';

function textOfCounters(fill: (counters: Counters) => void): string {
  const counters = new Counters();
  fill(counters);
  return textOf(counters.families());
}

test('a counter, a gauge and a histogram, as Prometheus reads them', () => {
  const text = textOfCounters((counters) => {
    counters.add('log.dropped', 'lines\nlost \\').value = 3;
    counters.gauge('redis.up', 'whether it is there', () => 1);
    const times = counters.histogram('store.duration-seconds', 'how long', [0.5, 1], {
      call: 'a"',
    });
    for (const seconds of [0.25, 0.5, 0.75, 7]) times.observe(seconds);
  });
  expect(text).toBe(
    [
      '# HELP cim_log_dropped_total lines\\nlost \\\\',
      '# TYPE cim_log_dropped_total counter',
      'cim_log_dropped_total 3',
      '# HELP cim_redis_up whether it is there',
      '# TYPE cim_redis_up gauge',
      'cim_redis_up 1',
      '# HELP cim_store_duration_seconds how long',
      '# TYPE cim_store_duration_seconds histogram',
      'cim_store_duration_seconds_bucket{call="a\\"",le="0.5"} 2',
      'cim_store_duration_seconds_bucket{call="a\\"",le="1"} 3',
      'cim_store_duration_seconds_bucket{call="a\\"",le="+Inf"} 4',
      'cim_store_duration_seconds_sum{call="a\\""} 8.5',
      'cim_store_duration_seconds_count{call="a\\""} 4',
      '',
    ].join('\n'),
  );
});

describe('families', () => {
  test('counters of one kind are one family, told apart by a label', () => {
    const text = textOfCounters((counters) => {
      for (const kind of ['private', 'group'])
        counters.add(`messages.stored.${kind}`, `to ${kind}`, {
          ...{ name: 'messages.stored', description: 'messages stored' },
          ...{ label: 'kind', value: kind },
        });
    });
    expect(text.split('\n')).toEqual([
      '# HELP cim_messages_stored_total messages stored',
      '# TYPE cim_messages_stored_total counter',
      'cim_messages_stored_total{kind="private"} 0',
      'cim_messages_stored_total{kind="group"} 0',
      '',
    ]);
  });

  test('of several processes are merged: each has its help once, and a label of its own', () => {
    const of = (value: number) => {
      const counters = new Counters();
      counters.add('things', 'what there was').value = value;
      return counters.families();
    };
    const text = textOf(
      mergeFamilies([...labelled(of(1), { worker: '1' }), ...labelled(of(2), { worker: '2' })]),
    );
    expect(text.split('\n')).toEqual([
      '# HELP cim_things_total what there was',
      '# TYPE cim_things_total counter',
      'cim_things_total{worker="1"} 1',
      'cim_things_total{worker="2"} 2',
      '',
    ]);
  });
});

test('a time before its beginning counts as none: a clock was set back', () => {
  const text = textOfCounters((counters) => counters.histogram('a.seconds', 'a', [1]).observe(-5));
  expect(text).toContain('cim_a_seconds_sum 0\n');
  expect(text).toContain('cim_a_seconds_bucket{le="1"} 1\n');
});
