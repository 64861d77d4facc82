// Goal: what stands in the way of a run is said before it begins. Method: machines that lack a thing.
import { expect, test } from '@jest/globals';
import { findObstacles, type Machine, readMachine } from '../../../../bench/compare/preflight.ts';
import { rows } from '../../../../bench/compare/rows.ts';

const good: Machine = {
  descriptors: 20_000,
  localPorts: 28_000,
  backlog: 4_096,
  tracked: 200_000,
  cores: [0, 1],
  missingPrograms: [],
};
const cores = { system: 0, load: 1 };
const small = rows.filter(({ connections }) => connections <= 100);

test('each thing that is too little is named, with how much the largest row needs', () => {
  expect(findObstacles(rows, cores, good)).toEqual([]);
  const without = (lack: Partial<Machine>) => findObstacles(rows, cores, { ...good, ...lack });
  expect(without({ descriptors: 1_024 })).toEqual([
    'files that a process may open: 1024, and spread-15000 needs 15500 (ulimit -Hn; or leave the row out with --only)',
  ]);
  expect(without({ localPorts: 15_000 })).toEqual([expect.stringContaining('ip_local_port_range')]);
  expect(without({ backlog: 5 })).toEqual([expect.stringContaining('net.core.somaxconn')]);
  expect(without({ tracked: 40_000 })).toEqual([expect.stringContaining('nf_conntrack_max')]);
  expect(without({ missingPrograms: ['taskset'] })).toEqual(['taskset is not there']);
});

test('small rows need little, and what a machine does not tell is not held against it', () => {
  const poor = { ...good, descriptors: 1_024, localPorts: 2_000, tracked: 1_000 };
  expect(findObstacles(small, cores, poor)).toEqual([]);
  const silent = { descriptors: undefined, localPorts: undefined, backlog: undefined };
  expect(findObstacles(rows, cores, { ...good, ...silent, tracked: undefined })).toEqual([]);
});

test('two cores, of those that there are', () => {
  expect(findObstacles(small, { system: 0, load: 2 }, good)).toEqual([
    'core 2 is not there, or not for this process: 0, 1 are (--system-core, --load-core)',
  ]);
  expect(findObstacles(small, { system: 1, load: 1 }, good)).toEqual([
    expect.stringContaining('would share core 1'),
  ]);
});

test('this machine can be read', () => {
  const { descriptors, localPorts, backlog, cores: own } = readMachine();
  for (const value of [descriptors, localPorts, backlog]) expect(value).toBeGreaterThan(0);
  expect(own.length).toBeGreaterThan(0);
});
