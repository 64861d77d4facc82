/** Goal: what cim doctor says of what it was told: the level, the words of the table of faults, a remedy. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { faults } from '../../../../src/base/process/faults.ts';
import { version } from '../../../../src/base/process/version.ts';
import { type Finding, ok, runCheck } from '../../../../src/cli/doctor/finding.ts';
import {
  descriptorFinding,
  diskFindings,
  kernelFindings,
  redisKernelFindings,
} from '../../../../src/cli/doctor/machine-checks.ts';
import {
  certificateFindings,
  endpointFindings,
  routeEndpoint,
} from '../../../../src/cli/doctor/port-checks.ts';
import { roleCheck, roleFindings } from '../../../../src/cli/doctor/role-checks.ts';
import {
  clockFindings,
  redisFindings,
  zookeeperFindings,
} from '../../../../src/cli/doctor/service-checks.ts';
import { Authority } from '../../../support/certificates.ts';
import { freePort } from '../../../support/free-port.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const levels = (findings: readonly Finding[]) => findings.map(({ level }) => level);
const said = (findings: readonly Finding[]) => findings.map(({ says }) => says).join('\n');

test('a check that fails as it may is a finding; a mistake of ours is none', async () => {
  const failing = (error: Error) => ({ name: 'x', run: () => Promise.reject(error) });
  expect(await runCheck({ name: 'x', run: async () => [ok('x', 'well')] })).toEqual([
    { check: 'x', level: 'ok', says: 'well' },
  ]);
  const [finding] = await runCheck(failing(new CimError('unavailable', 'no answer')));
  expect(finding).toMatchObject({ check: 'x', level: 'bad', says: 'no answer' });
  await expect(runCheck(failing(new TypeError('ours')))).rejects.toThrow('ours');
});

describe('the machine', () => {
  test.each([
    [1_023, 'bad'],
    [1_024, 'warn'],
    [8_192, 'ok'],
  ])('%d descriptors: %s', (limit, level) => {
    expect(descriptorFinding(limit).level).toBe(level);
  });

  test('the kernel: what it does not have is not missed', async () => {
    expect(levels(await kernelFindings(async () => undefined))).toEqual(['ok']);
    const small = await kernelFindings(async (file) => (file.includes('somaxconn') ? 128 : 1e6));
    expect(small).toEqual([
      expect.objectContaining({ level: 'warn', says: 'net.core.somaxconn is 128' }),
    ]);
  });

  test.each([
    ['1\n', 'always [madvise] never\n', ['ok']],
    ['0\n', 'always madvise [never]\n', ['warn']],
    ['1\n', '[always] madvise never\n', ['warn']],
    ['2\n', '[always] madvise never\n', ['warn', 'warn']],
    [undefined, undefined, []],
  ])('the kernel of a Redis here: overcommit %j, huge pages %j: %j', async (one, other, told) => {
    const found = await redisKernelFindings(async (file) =>
      file.includes('overcommit') ? one : other,
    );
    expect(levels(found)).toEqual(told);
    for (const { level, remedy } of found)
      if (level === 'warn') expect(remedy).toMatch(/vm\.overcommit_memory=1|echo madvise > \/sys/);
  });

  test('the disk of a folder that is not made yet is that of where it would be', async () => {
    const found = await diskFindings(`${temporaryFolder('disk')}/not/yet`);
    expect(said(found)).toMatch(/^\d+ of \d+ MiB are free in /);
    expect(await diskFindings(':memory:')).toEqual([]);
  });
});

describe('services', () => {
  test('an ensemble: all well, one away, without a quorum', () => {
    const [one, two, three] = ['a:1', 'b:1', 'c:1'].map((server) => ({ server, mode: 'follower' }));
    const away = { server: 'c:1', problem: 'no answer' };
    if (!one || !two || !three) throw new Error('there are three');
    expect(levels(zookeeperFindings([one, two, three]))).toEqual(['ok']);
    expect(levels(zookeeperFindings([one, two, away]))).toEqual(['ok', 'warn']);
    const [finding] = zookeeperFindings([away]);
    expect(finding).toMatchObject({ level: 'bad', remedy: faults.registry.remedy });
    expect(finding?.says).toBe(`${faults.registry.words}: c:1: no answer`);
    expect(levels(zookeeperFindings([one]))).toEqual(['ok', 'warn']);
  });

  const master = {
    ...{ node: 'r:6379', version: '7.2.0', replicas: 1, warnings: [] },
    ...{ usedBytes: 10, bytesMax: 0, aheadMs: 0, takenMs: 1, isHere: false },
  };
  const inspected = { problem: null, refusal: null, masters: [master] };

  test('a Redis that is well, away, refuses, may lose something, is nearly full', () => {
    expect(levels(redisFindings(inspected, 1))).toEqual(['ok']);
    expect(levels(redisFindings(inspected, 2))).toEqual(['ok', 'bad']);
    const away = redisFindings({ problem: 'Redis: no answer', refusal: null, masters: [] }, 0);
    expect(said(away)).toBe(`${faults['store-connection'].words}: Redis: no answer`);
    const full = redisFindings({ ...inspected, refusal: 'Redis: its memory is full' }, 0);
    expect(full[0]).toMatchObject({ level: 'bad', remedy: faults['store-refusals'].remedy });
    expect(full[0]?.says).toBe(`${faults['store-refusals'].words}: Redis: its memory is full`);
    const lossy = { ...master, warnings: ['appendonly is no and save is empty'] };
    expect(levels(redisFindings({ ...inspected, masters: [lossy] }, 0))).toEqual(['ok', 'bad']);
    const ending = { ...master, certificateEndsAt: new Date(Date.now() + 5 * 86_400_000) };
    const [, soon] = redisFindings({ ...inspected, masters: [ending] }, 0);
    expect(soon).toMatchObject({ check: 'Redis r:6379', level: 'warn' });
    expect(soon?.remedy).toContain('tls-cert-file');
    const heavy = { ...master, usedBytes: 81, bytesMax: 100 };
    expect(levels(redisFindings({ ...inspected, masters: [heavy] }, 0))).toEqual(['ok', 'warn']);
  });

  test.each([
    [0, 0, []],
    [limits.clockDiffersMs, 0, []],
    // The answer may have been given at any time meanwhile.
    [limits.clockDiffersMs + 500, 500, []],
    [limits.clockDiffersMs + 1, 0, ['warn']],
    [-limits.clockDiffersMs - 1, 0, ['warn']],
    [limits.clockToleranceMs + 1, 0, ['bad']],
  ])('a clock that is %d ms ahead, as far as %d ms tell', (aheadMs, takenMs, level) => {
    const found = clockFindings("the store's", aheadMs, takenMs);
    expect(levels(found)).toEqual(level);
    const fault = level[0] === 'bad' ? faults['clock-wrong'] : faults['clock-differs'];
    for (const { says, remedy } of found) {
      expect(says.startsWith(fault.words)).toBe(true);
      expect(says).toContain(aheadMs > 0 ? 'ahead of' : 'behind');
      expect(remedy).toBe(fault.remedy);
    }
  });
});

describe('roles', () => {
  const now = { at: 1_000_000, takenMs: 10 };
  const common = { instance: 'i', version, node: '24.0.0', startedAt: 0 };
  const well = {
    ...common,
    ...({ role: 'server', address: 'a:1', at: now.at } as const),
    ...{
      problems: [],
      warnings: [],
      now: {},
      refused: [],
      talkers: [],
      settings: [],
      failedPushes: [],
    },
  };
  const problemOf = (condition: 'store-refusals' | 'draining') => {
    const { scope, words, remedy } = faults[condition];
    return { condition, fault: scope, reason: words, remedy, since: 0 };
  };

  test('one that is well, silent, has a fault, is drained, has another clock', () => {
    expect(levels(roleFindings([well], now))).toEqual(['ok']);
    const silent = { ...common, role: 'route', address: 'b:1', silent: 'no answer' } as const;
    expect(levels(roleFindings([well, silent], now))).toEqual(['ok', 'bad']);
    const refuses = { ...well, problems: [problemOf('store-refusals')] };
    expect(roleFindings([refuses], now)).toEqual([
      {
        check: 'server a:1',
        level: 'bad',
        says: faults['store-refusals'].words,
        remedy: faults['store-refusals'].remedy,
      },
    ]);
    const drained = { ...well, problems: [problemOf('draining')] };
    expect(levels(roleFindings([drained], now))).toEqual(['warn']);
    const late = { ...well, at: now.at - 60_000 };
    expect(said(roleFindings([late], now))).toContain(faults['clock-wrong'].words.slice(0, 25));
  });

  test('several versions, an open door, and a cluster without a server', () => {
    expect(levels(roleFindings([{ ...well, version: '0.0.1' }], now))).toEqual(['ok', 'warn']);
    expect(levels(roleFindings([{ ...well, warnings: ['--auth open'] }], now))).toEqual([
      'warn',
      'ok',
    ]);
    expect(levels(roleFindings([{ ...well, role: 'route' as const }], now))).toEqual(['ok', 'bad']);
  });

  test('without the cluster secret, what a route tells everybody', async () => {
    const reason = `${faults['store-refusals'].words}: its disk is full`;
    const ask = async (_method: unknown, path: string) => {
      if (path === '/readyz') return { degraded: [reason] };
      throw new CimError('not-allowed', 'it wants the cluster secret');
    };
    expect(await roleCheck(ask).run()).toEqual([
      expect.objectContaining({ level: 'warn', says: expect.stringContaining('cluster secret') }),
      {
        check: 'roles',
        level: 'bad',
        says: reason,
        remedy: faults['store-refusals'].remedy,
      },
    ]);
  });
});

describe('ports and certificates', () => {
  test('a port that is there, and one that is not', async () => {
    const server = createServer((socket) => socket.destroy());
    onTeardown(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as { port: number };
    const at = (there: number) =>
      endpointFindings({ kind: 'tcp', host: '127.0.0.1', port: there, tls: false });
    expect(levels(await at(port))).toEqual(['ok']);
    expect(await at(await freePort())).toEqual([
      expect.objectContaining({ level: 'bad', says: expect.stringContaining('ECONNREFUSED') }),
    ]);
  });

  test('a route is found at the port of its address', async () => {
    const tls = { kind: 'http', tls: true } as const;
    expect(routeEndpoint('https://chat.example.org')).toEqual({
      ...{ ...tls, host: 'chat.example.org', port: 443 },
    });
    expect(routeEndpoint('http://[::1]:8083')).toEqual({
      ...{ kind: 'http', host: '::1', port: 8083, tls: false },
    });
    const { cert, key } = new Authority().issue();
    const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) });
    onTeardown(() => new Promise((resolve) => server.close(resolve)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const found = await endpointFindings(routeEndpoint(`https://127.0.0.1:${port}`));
    expect(levels(found)).toEqual(['ok', 'warn']);
    expect(found[1]?.says).toMatch(/^its certificate ends in 0 days, on /);
  });

  test.each([
    [-1, 'bad'],
    [1, 'warn'],
    [21, 'warn'],
    [30, undefined],
  ])('a certificate that ends in %d days: %s', (days, level) => {
    const now = Date.UTC(2026, 0, 1);
    const endsAt = new Date(now + days * 86_400_000);
    expect(certificateFindings('port', endsAt, { now })[0]?.level).toBe(level);
  });
});
