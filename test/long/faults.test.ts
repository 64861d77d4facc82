/**
 * Goal: whatever is the matter, an operator reads the same words of it everywhere: `/readyz`, the log,
 * `/metrics`, `/cluster` (which cim top shows), the dashboard and cim doctor. Method: each fault is made
 * with the real thing while the dashboard is open in Chromium; the words are those of the one table.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type FaultName, faults } from '../../src/base/process/faults.ts';
import { readyAddresses } from '../../src/processes/local-process.ts';
import { startChromium } from '../support/chromium.ts';
import { fakedClock } from '../support/faked-clock.ts';
import { makeOperator, openAs } from '../support/operators.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import {
  Client,
  executable,
  startDevelopment,
  startRole,
  startRoute,
  startServer,
} from '../support/roles.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const secret = 'faults-for-operators';
const withSecret = ['--cluster-secret', secret];

let browser: Browser;

beforeAll(async () => {
  browser = await startChromium();
});

/** The dashboard of this route, as somebody looks at it who has signed in before the fault. */
async function openDashboard(route: string): Promise<Page> {
  await makeOperator(route, secret, 'vic');
  return openAs(browser, route, 'vic', { expectedErrors: /Failed to load resource/ });
}

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly says: string;
  readonly remedy?: string;
}

/** What cim doctor finds, and its exit code. */
async function examine(args: readonly string[]): Promise<{ code: number; findings: Finding[] }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string }>();
  execFile(executable, ['doctor', '--json', ...args], (error, stdout) =>
    resolve({ code: error ? Number(error.code) : 0, stdout }),
  );
  const { code, stdout } = await promise;
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, findings: lines.map((line) => JSON.parse(line)) };
}

interface Where {
  /** Of the HTTP port of the role that has the fault. */
  readonly port: string;
  /** URL of a route that is asked for all. */
  readonly route: string;
  readonly process: TestProcess;
  /** The dashboard of `route`. */
  readonly page: Page;
  /** For cim doctor; how to reach `route` if absent. */
  readonly doctor?: readonly string[];
}

/** The same words at every place, and `level` of the doctor. */
async function expectWords(name: FaultName, where: Where, level: 'bad' | 'warn'): Promise<void> {
  const { words, remedy } = faults[name];
  const { port, route, process, page, doctor = ['--route', route, ...withSecret] } = where;
  const headers = { authorization: `Bearer ${secret}` };
  const textOf = async (url: string) => (await fetch(url, { headers })).text();
  await waitUntil('/readyz says so', async () =>
    (await textOf(`http://${port}/readyz`)).includes(words),
  );
  await waitUntil('the log says so', () => process.output.includes(words));
  await waitUntil('/metrics says so', async () => {
    const label = `condition="${name}",fault="${faults[name].scope}",words="${words}"`;
    const lines = (await textOf(`http://${port}/metrics`)).split('\n');
    return lines.some((line) => line.includes(label) && line.endsWith(' 1'));
  });
  await waitUntil('/cluster says so', async () => {
    const { dataBody } = JSON.parse(await textOf(`${route}/cluster`));
    const problems = dataBody.flatMap((role: { problems?: object[] }) => role.problems ?? []);
    return problems.some(
      (problem: { reason: string; remedy: string }) =>
        problem.reason.startsWith(words) && problem.remedy === remedy,
    );
  });
  const warning = page.locator('.warning').filter({ hasText: words });
  await warning.filter({ hasText: remedy }).waitFor();
  const { code, findings } = await examine(doctor);
  const found = findings.filter(({ says }) => says.startsWith(words));
  expect(found.map((finding) => finding.level)).toContain(level);
  expect(found.map((finding) => finding.remedy)).toContain(remedy);
  if (level === 'bad') expect(code).toBe(1);
}

async function cluster() {
  const [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
  const args = [...withSecret, '--dashboard', 'on'];
  const started = await startRoute(zookeeper.address, redis.address, args);
  const port = `${started.addresses['http']}`;
  const route = `http://${port}`;
  const where = { port, route, process: started.process, page: await openDashboard(route) };
  return { zookeeper, redis, where };
}

test('a cluster that is well: nothing is bad, a message goes through, and no account is left', async () => {
  const { zookeeper, redis, where } = await cluster();
  await startServer(zookeeper.address, withSecret);
  await waitUntil('the server is known', async () => {
    const { findings } = await examine(['--route', where.route, ...withSecret]);
    return findings.some(({ check, level }) => check.startsWith('server ') && level === 'ok');
  });
  const services = ['--zk', zookeeper.address, '--redis', redis.address];
  const { code, findings } = await examine([...services, ...withSecret]);
  expect(findings.filter(({ level }) => level === 'bad')).toEqual([]);
  expect(code).toBe(0);
  const checks = new Set(findings.map(({ check }) => check.split(' ')[0]));
  for (const check of ['version', 'descriptors', 'ZooKeeper', 'Redis', 'route', 'server', 'port'])
    expect(checks).toContain(check);
  expect(findings.at(-1)).toMatchObject({ check: 'message', level: 'ok' });
  const accounts = await redis.command('KEYS', 'cim:*doctor*');
  expect(accounts).toBe('');
});

test('Redis takes no writes any more', async () => {
  const { redis, where } = await cluster();
  await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
  await expectWords('store-refusals', where, 'bad');
  await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
});

test('Redis is read-only: another one is the master', async () => {
  const { redis, where } = await cluster();
  await redis.command('REPLICAOF', '127.0.0.1', '1');
  await expectWords('store-connection', where, 'bad');
  const { findings } = await examine(['--route', where.route, '--redis', redis.address]);
  const ofRedis = findings.filter(({ check }) => check === 'Redis');
  expect(ofRedis[0]).toMatchObject({ level: 'bad' });
  expect(ofRedis[0]?.says.startsWith(faults['store-connection'].words)).toBe(true);
});

test('ZooKeeper is gone', async () => {
  const { zookeeper, where } = await cluster();
  await zookeeper.kill();
  await expectWords('registry', where, 'bad');
  const { code, findings } = await examine(['--zk', zookeeper.address, ...withSecret]);
  expect(code).toBe(1);
  const found = findings.find(({ check }) => check === 'ZooKeeper');
  expect(found?.says.startsWith(faults.registry.words)).toBe(true);
});

test('a disk is full', async () => {
  const disk = await SmallDisk.start(8 * 1024 * 1024);
  const ports = ['--port', '0', '--http-port', '0', '--route-port', '0'];
  const args = ['dev', ...ports, '--data', join(disk.folder, 'data'), ...withSecret];
  const dev = await startProcess({
    name: 'cim dev',
    ...disk.on(executable, args),
    env: { CIM_LOG_LEVEL: 'warn' },
    ready: (process) => readyAddresses(process) !== undefined,
  });
  const port = `${readyAddresses(dev)?.['route']}`;
  const route = `http://${port}`;
  const amy = await Client.ready({ userId: 1, name: 'amy', routes: [route] });
  const page = await openDashboard(route);
  disk.fill();
  // Until one finds no room.
  for (let count = 0; count < 200; count += 1) amy.say(`1;;${'text '.repeat(50)}${count}`);
  await expectWords('store-refusals', { port, route, process: dev, page }, 'bad');
});

test('a client does not read what it is sent', async () => {
  const fast = ['--send-rate', '1000000', '--send-bytes-rate', '1000000000'];
  // All of it is unread.
  const room = ['--stranger-unread', '1000000', '--strangers-share', '100'];
  const dev = await startDevelopment(['--data', ':memory:', ...withSecret, ...fast, ...room]);
  const route = `http://${dev.addresses['route']}`;
  const frozen = await Client.ready({ userId: 1, name: 'frozen', routes: [route] });
  const writer = await Client.ready({ userId: 2, name: 'writer', routes: [route] });
  const page = await openDashboard(route);
  frozen.process.freeze();
  // More than the kernel holds for the connection, and the server beside it.
  const text = 'x'.repeat(8_000);
  for (let count = 0; count < 4_000; count += 1) writer.say(`1;;${text}`);
  const where = { port: `${dev.addresses['http']}`, route, process: dev.process, page };
  await expectWords('slow-readers', where, 'warn');
});

test('a clock is wrong', async () => {
  const { zookeeper, where } = await cluster();
  const listening = ['--host', '127.0.0.1', '--port', '0', '--http-port', '0'];
  const args = [...listening, '--zk', zookeeper.address, ...withSecret];
  const { process, addresses } = await startRole('server', args, fakedClock('-1h'));
  await expectWords('clock-wrong', { ...where, port: `${addresses['http']}`, process }, 'bad');
});
