/**
 * Files through docs/guides/nginx.conf on a real nginx, before the route of `cim dev` in this process: parts
 * that no buffer of nginx holds, and uploads that go on after nginx, or a client, went away in a part.
 */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { beforeAll, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { limits } from '../../src/base/limits.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { FileCaller, sha256, type TestFile, testFile } from '../support/file-uploads.ts';
import { startNginx, type TestNginx } from '../support/nginx.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let nginx: TestNginx;
let caller: FileCaller;
let routes: readonly string[];

beforeAll(async () => {
  const system = await startDevInProcess({ data: temporaryFolder('dev'), auth: 'open' });
  routes = [`127.0.0.1:${system.route.port}`];
  nginx = await startNginx({ routes });
  caller = new FileCaller(nginx.url, 1);
  const headers = { 'content-type': 'application/json', 'x-cim-version': '1' };
  const body = JSON.stringify({ userId: 1, userName: 'bob' });
  const answer = await fetch(`${nginx.url}/registerAccount`, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ code: '9000' });
});

/** The headers of a part, as they go to nginx; its bytes are the test's. */
function beginPart(
  { id, parts }: TestFile,
  number: number,
  capability: string,
  { bytes = parts[number]?.length ?? 0, url = nginx.url } = {},
): ClientRequest {
  const headers = {
    'content-length': bytes,
    'x-cim-file': capability,
    'x-cim-sha256': sha256(parts[number] ?? Buffer.alloc(0)),
  };
  const sent = request(`${url}/files/${id}/${number}`, { method: 'PUT', headers });
  sent.flushHeaders();
  return sent;
}

/** Half of a part is with the route: nginx has passed it on as it came. */
async function sendHalf(
  file: TestFile,
  number: number,
  capability: string,
  url = nginx.url,
): Promise<ClientRequest> {
  const sent = beginPart(file, number, capability, { url });
  const part = file.parts[number] ?? Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    sent.once('error', reject);
    sent.write(part.subarray(0, part.length / 2), () => resolve());
  });
  sent.removeAllListeners('error');
  sent.on('error', ignore('it is cut off, which is what is tried'));
  return sent;
}

async function receivedOf(file: TestFile): Promise<readonly number[]> {
  return (await caller.begin(file)).dataBody.received;
}

/** What is missing, and the end. */
async function goOn(file: TestFile, capability: string): Promise<void> {
  const received = await receivedOf(file);
  for (const [number, part] of file.parts.entries())
    if (!received.includes(number))
      expect(await caller.put(file, number, part, capability)).toMatchObject({ code: '9000' });
  expect(await caller.finish(file, capability)).toMatchObject({ status: 200, code: '9000' });
}

test('a file of several whole parts comes and goes as it was', async () => {
  const file = testFile();
  expect(file.parts[0]).toHaveLength(limits.fileChunkBytes);
  const capability = await caller.upload(file);
  expect(sha256(await caller.download(file, capability))).toBe(sha256(file.content));
  const range = await caller.get(file, capability, { range: 'bytes=8388600-8388700' });
  expect(range.status).toBe(206);
  const bytes = Buffer.from(await range.arrayBuffer());
  expect(bytes.equals(file.content.subarray(8_388_600, 8_388_701))).toBe(true);
  // Once more, as if the answer was lost.
  expect(await caller.finish(file, capability)).toMatchObject({ code: '9000' });
});

test('an upload goes on after its client went away in a part', async () => {
  const file = testFile();
  const { capability } = (await caller.begin(file)).dataBody;
  await caller.put(file, 0, file.parts[0] as Buffer, capability);
  (await sendHalf(file, 1, capability)).destroy();
  expect(await receivedOf(file)).toEqual([0]);
  await goOn(file, capability);
  expect(sha256(await caller.download(file, capability))).toBe(sha256(file.content));
});

test('an upload goes on after nginx was stopped in a part', async () => {
  const file = testFile();
  const { capability } = (await caller.begin(file)).dataBody;
  await caller.put(file, 0, file.parts[0] as Buffer, capability);
  const stopped = await startNginx({ routes });
  const cut = await sendHalf(file, 1, capability, stopped.url);
  const ended = new Promise((resolve) => cut.once('close', resolve));
  await stopped.process.stop();
  await ended;
  expect(await receivedOf(file)).toEqual([0]);
  await goOn(file, capability);
  expect(sha256(await caller.download(file, capability))).toBe(sha256(file.content));
});

test('more than a part has is refused before it is sent', async () => {
  const file = testFile(1);
  const { capability } = (await caller.begin(file)).dataBody;
  const sent = beginPart(file, 0, capability, { bytes: limits.fileChunkBytes + 1 });
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(413);
  sent.destroy();
});
