/** GET /metrics of the packaged executable, as a Prometheus reads it: its own tool checks it. */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { Client, type Role, startDevelopment, startRoute, startServer } from '../support/roles.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

const run = promisify(execFile);
const secret = 'figures-for-operators-alone';

async function scrape(address: string | undefined, bearer?: string): Promise<Response> {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return fetch(`http://${address}/metrics`, { headers });
}

/** The value of one line; undefined if it is not there. */
function figureOf(text: string, line: string): number | undefined {
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length));
}

/** What Prometheus' own tool finds wrong. */
async function findFaults(text: string): Promise<string> {
  const checking = run('promtool', ['check', 'metrics']);
  checking.child.stdin?.end(text);
  const { stdout, stderr } = await checking.catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return `${stdout}${stderr}`;
}

describe('cim dev', () => {
  let dev: Role;
  let text: string;

  beforeAll(async () => {
    dev = await startDevelopment(['--data', ':memory:', '--cluster-secret', secret]);
    const routes = [`http://${dev.addresses['route']}`];
    const bob = await Client.ready({ userId: 1, name: 'bob', routes });
    const ann = await Client.ready({ userId: 2, name: 'ann', routes });
    bob.say('2;;hi');
    await ann.whenText('hi');
    await bob.whenEvent('hears that it was delivered', ({ event }) => event === 'delivered');
    text = await (await scrape(dev.addresses['route'], secret)).text();
  });

  test('is for those who bear the cluster secret', async () => {
    for (const port of ['route', 'http']) {
      expect((await scrape(dev.addresses[port])).status).toBe(401);
      expect((await scrape(dev.addresses[port], 'wrong')).status).toBe(401);
      const told = await scrape(dev.addresses[port], secret);
      expect(told.status).toBe(200);
      expect(told.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    }
  });

  test('promtool finds nothing wrong', async () => {
    expect(await findFaults(text)).toBe('');
  });

  test('tells what was done', () => {
    expect(figureOf(text, 'cim_messages_stored_total{role="route",kind="private"}')).toBe(1);
    expect(figureOf(text, 'cim_connections{role="server",protocol="cim"}')).toBe(2);
    expect(figureOf(text, 'cim_send_to_shown_seconds_count{role="server"}')).toBe(1);
    const appended = figureOf(text, 'cim_store_duration_seconds_count{role="route",call="append"}');
    expect(appended).toBeGreaterThan(0);
    expect(
      figureOf(
        text,
        'cim_health_problem{role="route",condition="starting",fault="own",words="it is starting"}',
      ),
    ).toBe(0);
    expect(figureOf(text, 'process_open_fds')).toBeGreaterThan(10);
  });

  test('the guide names every metric that alerts and dashboard use, and they are there', () => {
    const guide = readFileSync('docs/guides/metrics.md', 'utf8');
    const used = ['deploy/prometheus/alerts.yml', 'deploy/grafana/cim.json'].flatMap(
      (file) => readFileSync(file, 'utf8').match(/\b(cim|process)_[a-z_]+/g) ?? [],
    );
    const names = new Set(used.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect(names.size).toBeGreaterThan(10);
    const ofClusters = ['cim_link_in_flight'];
    for (const name of names) {
      expect(guide).toContain(`\`${name}`);
      if (!ofClusters.includes(name)) expect(text).toContain(`# TYPE ${name} `);
    }
  });

  test('each alert has a line that says what to do, and promtool takes the rules', () => {
    const alerts = readFileSync('deploy/prometheus/alerts.yml', 'utf8').match(/(?<=alert: )\w+/g);
    const guide = readFileSync('docs/guides/metrics.md', 'utf8');
    expect(alerts).not.toEqual([]);
    for (const alert of alerts ?? []) expect(guide).toContain(`| \`${alert}\` | `);
    execFileSync('promtool', ['check', 'rules', 'deploy/prometheus/alerts.yml']);
  });
});

describe('a cluster', () => {
  let redis: TestRedis;
  let zookeeper: TestZooKeeper;

  beforeAll(async () => {
    [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  });

  test('with workers one answer has all, whichever was asked; a port of its own is open', async () => {
    const flags = ['--workers', '2', '--metrics-port', '0'];
    const route = await startRoute(zookeeper.address, redis.address, flags);
    const server = await startServer(zookeeper.address, flags);
    for (const role of [route, server])
      for (const address of role.addresses['metrics']?.split(',') ?? []) {
        const text = await (await scrape(address)).text();
        expect(await findFaults(text)).toBe('');
        for (const worker of ['1', '2']) {
          expect(figureOf(text, `cim_worker_up{worker="${worker}"}`)).toBe(1);
          expect(text).toMatch(new RegExp(`^process_open_fds\\{worker="${worker}"\\} \\d+$`, 'm'));
          expect(text).toMatch(new RegExp(`^cim_link_in_flight\\{worker="${worker}",role=`, 'm'));
        }
        expect((await fetch(`http://${address}/counters`)).status).toBe(404);
      }
  });
});
