// Goal: what gave way first is named as an operator would. Method: strains, and their names.
import { expect, test } from '@jest/globals';
import { nameSaturation, type Strain } from '../../../src/bench/saturation.ts';

const relaxed: Strain = {
  problems: {},
  system: [
    { name: 'cim server', cores: 0.4 },
    { name: 'cim route', cores: 0.3 },
    { name: 'redis-server', cores: 0.2 },
  ],
  load: [0.3],
  machineShare: 0.5,
};

test('the busiest of those that have a whole core', () => {
  const withCores = (name: string, cores: number): Strain => ({
    ...relaxed,
    system: relaxed.system.map((each) => (each.name === name ? { name, cores } : each)),
  });
  expect(nameSaturation(withCores('cim route', 0.98))).toBe('the processor time of cim route');
  expect(nameSaturation(withCores('redis-server', 0.9))).toContain('redis-server');
  expect(nameSaturation({ ...withCores('cim server', 0.9), load: [0.2, 0.99] })).toContain(
    'the load generator itself',
  );
});

test('what was refused comes before all else', () => {
  const problems = { 'busy: Not taken, please try again': 3, 'closed (102)': 1 };
  expect(nameSaturation({ ...relaxed, problems, load: [1] })).toBe(
    'failed: busy: Not taken, please try again (3 times)',
  );
});

test('nobody has a whole core: the machine, or what cannot be seen', () => {
  expect(nameSaturation({ ...relaxed, machineShare: 0.99 })).toContain(
    'processors of this machine',
  );
  expect(nameSaturation(relaxed)).toBe(
    'nothing that is seen here: waiting for a disk, the network or another machine; cim server was busiest, 40 % of a core',
  );
  expect(nameSaturation({ ...relaxed, system: [] })).toContain('the system is elsewhere');
});
