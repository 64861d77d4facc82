/**
 * Files through one route, beside a bare Node.js server that hashes and writes the same bytes: how much
 * is uploaded and downloaded in a second, by one connection and by four, each server alone on core 0 and
 * the load on the rest. Both in turns; medians.
 *
 *     node bench/files.ts [--mebibytes 256] [--rounds 5]
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CimError } from '../src/base/errors.ts';
import { limits } from '../src/base/limits.ts';
import { requestJson } from '../src/http/client.ts';
import { freePort } from '../src/processes/local-ports.ts';
import { LocalProcess } from '../src/processes/local-process.ts';
import { cpuSecondsOf } from '../src/processes/process-figures.ts';
import { median } from './appends.ts';
import { startDev } from './cim.ts';

const { values } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
  },
});
const chunk = randomBytes(limits.fileChunkBytes);
const chunks = Math.ceil((Number(values.mebibytes) * 1024 * 1024) / chunk.length);
const bytes = chunks * chunk.length;
const chunkHash = createHash('sha256').update(chunk).digest('hex');
const whole = createHash('sha256');
for (let count = 0; count < chunks; count += 1) whole.update(chunk);
const sha256 = whole.digest('hex');
const agent = new Agent({ keepAlive: true });

const room = ['--file-bytes', '--user-file-bytes', '--all-file-bytes'].flatMap((bound) => [
  bound,
  String(limits.fileBytesCeiling),
]);

/** What a system does with a file of so many chunks. */
interface System {
  readonly name: string;
  readonly pid: number;
  upload(connections: number): Promise<void>;
  download(): Promise<void>;
}

/** Resolves to how many bytes were answered. */
function call(method: string, url: string, headers: object, body?: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = body ? { 'content-length': body.length } : {};
    const calling = request(
      url,
      { method, agent, headers: { ...headers, ...length } },
      (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`${method}: ${answer.statusCode}`));
        let got = 0;
        answer.on('data', (piece: Buffer) => {
          got += piece.length;
        });
        answer.on('end', () => resolve(got)).on('error', reject);
      },
    );
    calling.on('error', reject).end(body);
  });
}

/** Each of the chunks once, so many at a time. */
async function each(connections: number, send: (number: number) => Promise<unknown>) {
  let next = 0;
  const work = async () => {
    while (next < chunks) {
      next += 1;
      await send(next - 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
}

async function startCim(folder: string) {
  const { dev, route } = await startDev(['--data', folder, '--auth', 'open', ...room], { core: 0 });
  const headers = { 'x-cim-version': '1' };
  const post = async (path: string, body: object) =>
    (await requestJson(`${route}${path}`, {
      method: 'POST',
      headers,
      body,
      timeoutMs: 60_000,
    })) as {
      readonly capability: string;
    };
  const userId = 1;
  await post('/registerAccount', { userId, userName: 'bench' });
  let [id, capability] = ['', ''];
  /** Parts that came out of order are read for it: that may take longer than an answer may. */
  const finish = async (): Promise<void> => {
    try {
      await post('/finishFile', { id, capability });
    } catch (error) {
      if (!(error instanceof CimError) || error.kind !== 'busy') throw error;
      await delay(50);
      await finish();
    }
  };
  const system: System = {
    name: 'cim',
    pid: dev.pid,
    async upload(connections) {
      id = randomBytes(16).toString('base64url');
      const facts = { userId, id, bytes, type: 'image/png', sha256 };
      ({ capability } = await post('/files', facts));
      const said = { 'x-cim-file': capability, 'x-cim-sha256': chunkHash };
      await each(connections, (number) =>
        call('PUT', `${route}/files/${id}/${number}`, said, chunk),
      );
      await finish();
    },
    async download() {
      const got = await call('GET', `${route}/files/${id}`, { 'x-cim-file': capability });
      if (got !== bytes) throw new Error(`${got} bytes came`);
    },
  };
  return { system, stop: () => dev.stop() };
}

async function startBare(folder: string) {
  const port = await freePort();
  const args = ['bench/peers/bare-files.mjs', String(port), folder];
  const bare = await LocalProcess.start(
    { name: 'bare', command: process.execPath, args, core: 0 },
    ({ stdout }) => stdout.includes('ready'),
  );
  const url = `http://127.0.0.1:${port}`;
  const system: System = {
    name: 'bare',
    pid: bare.pid,
    upload: (connections) =>
      each(connections, (number) => call('PUT', `${url}/${number}`, {}, chunk)),
    download: () => each(1, (number) => call('GET', `${url}/${number}`, {})),
  };
  return { system, stop: () => bare.stop() };
}

function note(name: string, figure: number): void {
  figures.set(name, [...(figures.get(name) ?? []), figure]);
}

const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
const started = [await startBare(folder), await startCim(join(folder, 'cim'))];
const figures = new Map<string, number[]>();
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { system } of started) {
    const works: Readonly<Record<string, () => Promise<void>>> = {
      'upload, 1 connection': () => system.upload(1),
      'upload, 4 connections': () => system.upload(4),
      download: () => system.download(),
    };
    for (const [work, run] of Object.entries(works)) {
      const [start, cpu] = [performance.now(), cpuSecondsOf(system.pid)];
      await run();
      const perSecond = bytes / 1e3 / (performance.now() - start);
      const ofCpu = (cpuSecondsOf(system.pid) - cpu) / (bytes / 1e9);
      note(`${work}: ${system.name}`, perSecond);
      note(`${work}: ${system.name} CPU`, ofCpu);
    }
  }
}
for (const work of ['upload, 1 connection', 'upload, 4 connections', 'download']) {
  const of = (system: string) => median(figures.get(`${work}: ${system}`) ?? []);
  const rate = `bare ${of('bare').toFixed(0)} MB/s, cim ${of('cim').toFixed(0)} MB/s`;
  const cpu = `CPU per GB: bare ${of('bare CPU').toFixed(2)} s, cim ${of('cim CPU').toFixed(2)} s`;
  const percent = (one: number, other: number) => `${Math.round((100 * one) / other)} %`;
  process.stdout.write(
    `${work}: ${rate} (${percent(of('cim'), of('bare'))}); ${cpu} (${percent(of('bare CPU'), of('cim CPU'))})\n`,
  );
}
for (const { stop } of started) await stop();
agent.destroy();
rmSync(folder, { recursive: true });
