/** A file that takes long to look at: whoever asks hears so in time, and it is looked at once. */
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { ignore } from '../../../../src/base/ignore.ts';
import { limits } from '../../../../src/base/limits.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { LocalBlobs } from '../../../../src/files/local/local-blobs.ts';
import { createFileCounters } from '../../../../src/route/files/file-counters.ts';
import { FileService } from '../../../../src/route/files/file-service.ts';
import { drawFileId, peer, sha256, testFile } from '../../../support/file-uploads.ts';
import { processBudget } from '../../../support/process-budget.ts';
import { openMemoryStore } from '../../../support/route-harness.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';

async function start() {
  const clock = new VirtualClock();
  const blobs = LocalBlobs.open(temporaryFolder('files'));
  const { files } = await openMemoryStore();
  const bounds = {
    ...{ fileBytesMax: 1e9, userBytesMax: 1e9, allBytesMax: 1e9, lifeMs: 1e9 },
    ...{ userUnfinishedBytesMax: 1e9, allUnfinishedBytesMax: 1e9 },
  };
  const counters = createFileCounters(new Counters());
  const log = createLogger('test', 'silent');
  const common = { files, blobs, refusal: () => null, bounds, counters, clock, log };
  const service = new FileService({ ...common, budget: processBudget(clock) });
  let goOn = () => {};
  const mayRead = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let reads = 0;
  const read = blobs.read.bind(blobs);
  blobs.read = async (...call) => {
    reads += 1;
    await mayRead;
    return read(...call);
  };
  /** No route comes along with its hash. */
  const uploaded = async (hash?: string) => {
    const { content, parts } = testFile(limits.fileChunkBytes + 1_000);
    const facts = { owner: 7, bytes: content.length, type: 'a/b', sha256: hash ?? sha256(content) };
    const { id, capability } = await service.begin({ id: drawFileId(), ...facts });
    for (const [number, part] of [...parts.entries()].toReversed()) {
      const said = { id, number, capability, sha256: sha256(part), bytes: part.length, peer };
      await service.putPart({ ...said, body: () => Readable.from([Buffer.from(part)]) });
    }
    return { id, capability };
  };
  return { clock, service, uploaded, goOn: () => goOn(), reads: () => reads };
}

test('it is finished when it has been looked at, whoever waits for that', async () => {
  const { clock, service, uploaded, goOn, reads } = await start();
  const { id, capability } = await uploaded();
  for (let count = 0; count < 3; count += 1) {
    const finishing = service.finish(id, capability);
    const late = expect(finishing).rejects.toMatchObject({
      ...{ kind: 'busy', retryAfterMs: limits.fileFinishRetryMs },
    });
    await waitUntil('it is being read', () => reads() > 0);
    await clock.advance(limits.fileFinishAnswerMs);
    await late;
  }
  expect(reads()).toBe(1);
  goOn();
  await waitUntil('it is there', async () => {
    return service.find(id, capability).catch(ignore('it is not there yet'));
  });
  expect(await service.finish(id, capability)).toMatchObject({ id });
  expect(reads()).toBe(1);
});

test('what is wrong with it is told to who asks later', async () => {
  const { clock, service, uploaded, goOn, reads } = await start();
  const { id, capability } = await uploaded('ab'.repeat(32));
  const late = expect(service.finish(id, capability)).rejects.toMatchObject({ kind: 'busy' });
  await waitUntil('it is being read', () => reads() > 0);
  await clock.advance(limits.fileFinishAnswerMs);
  await late;
  goOn();
  await expect(service.finish(id, capability)).rejects.toMatchObject({ kind: 'bad-file' });
});
