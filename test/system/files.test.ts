/**
 * Files under whatever may happen to a cluster: the packaged executable, killed in the middle of
 * uploads, with its S3 killed, its disk full, and a second route beside its folder. Goal: what was
 * uploaded is read as it was, whole or not at all, and uploads go on where they were.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { readyAddresses } from '../../src/processes/local-process.ts';
import { startCluster } from '../support/cluster.ts';
import { FileCaller, sha256, type TestFile, testFile } from '../support/file-uploads.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess } from '../support/processes.ts';
import { countersOf, readiness, whenChanged, whenReadiness } from '../support/role-health.ts';
import { executable, startRole } from '../support/roles.ts';
import { TestS3 } from '../support/s3.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);
const secret = 'test';
const mebibyte = 1024 * 1024;

async function register(route: string, userId: number): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-cim-version': '1' };
  const body = JSON.stringify({ userId, userName: `person-${userId}` });
  const answer = await fetch(`${route}/registerAccount`, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ code: '9000' });
}

/**
 * As a client does: what is not answered, or is `busy`, is tried again, after a begin that tells what is
 * there. `disturb` is called before each part.
 */
async function uploadStubbornly(
  routes: readonly FileCaller[],
  file: TestFile,
  disturb: () => unknown = () => {},
): Promise<string> {
  let step = 0;
  const attempt = async () => {
    const caller = routes[step % routes.length] as FileCaller;
    try {
      const { capability, received } = (await caller.begin(file)).dataBody;
      for (const [number, part] of file.parts.entries()) {
        if (received.includes(number)) continue;
        disturb();
        step += 1;
        const { code } = await caller.put(file, number, part, capability);
        if (code !== '9000') return null;
      }
      return (await caller.finish(file, capability)).code === '9000' ? capability : null;
    } catch {
      // Nobody answered.
      step += 1;
      return null;
    }
  };
  return waitUntil('it is uploaded', attempt, { timeoutMs: 100_000 });
}

test('a route that is killed in the middle of uploads: they go on, and are read as they were', async () => {
  const data = temporaryFolder('data');
  const port = await freePort();
  const ports = ['--port', '0', '--http-port', '0', '--route-port', String(port)];
  const start = () => startRole('dev', [...ports, '--data', data, '--auth', 'open']);
  let dev = await start();
  const route = `http://127.0.0.1:${port}`;
  await register(route, 1);
  const caller = new FileCaller(route, 1);
  const files = [testFile(20 * mebibyte), testFile(30 * mebibyte), testFile(1)];
  const before = testFile(9 * mebibyte);
  const known = await caller.upload(before);

  let kills = 0;
  const restarted: Promise<unknown>[] = [];
  const killNow = async () => {
    await dev.process.kill();
    dev = await start();
  };
  const capabilities = await Promise.all(
    files.map((file) =>
      uploadStubbornly([caller], file, () => {
        if (file !== files[1] || kills === 3) return;
        kills += 1;
        // One after another, while parts are on their way.
        restarted.push((restarted.at(-1) ?? Promise.resolve()).then(killNow));
      }),
    ),
  );
  await Promise.all(restarted);
  expect(kills).toBe(3);
  for (const [index, file] of [...files, before].entries()) {
    const read = await caller.download(file, capabilities[index] ?? known);
    expect(sha256(read)).toBe(sha256(file.content));
  }
  const { stdout } = await run(executable, ['admin', 'files', '--route', route, '--data', data]);
  expect(stdout).toMatch(/^all +4 /m);
});

test('two routes and an S3 that are killed in turn: uploads go on through the other one', async () => {
  const s3 = await TestS3.start();
  const { key, secret: s3Secret } = s3.options;
  const keys = ['--s3-key', key, '--s3-secret', s3Secret];
  const routeArgs = [...s3.args, ...keys, '--auth', 'open'];
  const cluster = await startCluster({ servers: 1, routes: 2, routeArgs });
  await register(cluster.routeUrls[0] ?? '', 1);
  const callers = cluster.routeUrls.map((url) => new FileCaller(url, 1));
  const file = testFile(40 * mebibyte);
  const [first] = cluster.routes;
  const disturbances: (() => Promise<unknown>)[] = [
    () => s3.kill(),
    () => s3.start(),
    async () => first?.process.kill(),
    async () => first?.start(),
  ];
  const done: Promise<unknown>[] = [];
  const capability = await uploadStubbornly(callers, file, () => {
    const next = disturbances.shift();
    if (next) done.push((done.at(-1) ?? Promise.resolve()).then(next));
  });
  for (const rest of disturbances) await rest();
  await Promise.all(done);
  for (const caller of callers)
    expect(sha256(await caller.download(file, capability))).toBe(sha256(file.content));
});

test('a second route beside a folder: no files are served, and it is said why, until it has gone', async () => {
  const folder = temporaryFolder('files');
  const routeArgs = ['--files-folder', folder, '--auth', 'open'];
  const cluster = await startCluster({ servers: 0, routes: 2, routeArgs });
  const [first, second] = cluster.routes;
  if (!first || !second) throw new Error('there are two routes');
  await register(first.url, 1);
  const caller = new FileCaller(first.url, 1);
  const file = testFile(mebibyte);
  const reason = 'files are in a folder of one route';
  for (const { url } of cluster.routes) {
    await whenReadiness(url, (text) => text.includes(reason));
    const answer = await new FileCaller(url, 1).begin(file);
    expect(answer).toMatchObject({ status: 503, code: '8100' });
    expect(answer.message).toContain(reason);
  }
  await second.process.stop();
  await whenReadiness(first.url, (text) => !text.includes(reason));
  const capability = await caller.upload(file);
  expect(sha256(await caller.download(file, capability))).toBe(sha256(file.content));
});

test('a full disk: it is said, nothing half is kept, and the upload goes on when there is room', async () => {
  const disk = await SmallDisk.start(64 * mebibyte);
  const ports = ['--port', '0', '--http-port', '0', '--route-port', '0'];
  const folder = join(disk.folder, 'files');
  const args = ['dev', ...ports, '--data', temporaryFolder('data'), '--files-folder', folder];
  const where = disk.on(executable, [...args, '--auth', 'open', '--cluster-secret', secret]);
  const dev = await startProcess({
    ...{ name: 'cim dev', ...where, env: { CIM_LOG_LEVEL: 'info' } },
    ready: (process) => readyAddresses(process) !== undefined,
  });
  const route = `http://${readyAddresses(dev)?.['route']}`;
  await register(route, 1);
  const caller = new FileCaller(route, 1);
  const file = testFile(20 * mebibyte);
  const { capability } = (await caller.begin(file)).dataBody;
  await caller.put(file, 0, file.parts[0] as Buffer, capability);
  disk.fill(mebibyte);
  const full = await caller.put(file, 1, file.parts[1] as Buffer, capability);
  expect(full).toMatchObject({ status: 503, code: '8100', message: 'the disk for files is full' });
  const now = await readiness(route);
  expect(now.status).toBe(200);
  expect(now.text).toContain('the disk for files is full');
  // People go on talking: that is another disk.
  await register(route, 2);

  disk.makeRoom();
  expect(sha256(await caller.download(file, await uploadStubbornly([caller], file)))).toBe(
    sha256(file.content),
  );
  await whenReadiness(route, (text) => !text.includes('full'));
  expect(await whenChanged('files', dev, 2)).toHaveLength(2);
  expect((await countersOf(route, secret))['health.files']).toBe(1);
});
