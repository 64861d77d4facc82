// Goal: lines leave in order, and whatever takes none holds nobody up: what is lost is counted, and
// told of when lines can be written again. Method: real files, devices and pipes.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { LineOutput } from '../../../../src/base/process/line-output.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const descriptors: number[] = [];

afterEach(() => {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
});

function opened(path: string, flags: string | number): number {
  const descriptor = openSync(path, flags);
  descriptors.push(descriptor);
  return descriptor;
}

function pipe(): { path: string; descriptor: number } {
  const path = join(temporaryFolder('log'), 'pipe');
  execFileSync('mkfifo', [path]);
  const { O_RDWR, O_NONBLOCK } = constants;
  return { path, descriptor: opened(path, O_RDWR | O_NONBLOCK) };
}

function readWhatIsThere(descriptor: number): string {
  const bytes = Buffer.alloc(64 * 1024);
  try {
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
    return '';
  }
}

function notTold(): void {
  throw new Error('nothing was lost');
}

test('lines come to a file whole and in order, behind what it holds', async () => {
  const path = join(temporaryFolder('log'), 'file');
  const output = new LineOutput(opened(path, 'w'), notTold);
  const lines = Array.from({ length: 5_000 }, (_, index) => `${index} é${'x'.repeat(100)}\n`);
  for (const line of lines) output.write(line);
  await waitUntil('all are there', () => readFileSync(path, 'utf8') === lines.join(''));
  expect(output.dropped).toBe(0);
});

test('a full disk loses lines, each is counted, and nothing else happens', async () => {
  const output = new LineOutput(opened('/dev/full', 'w'), notTold);
  output.write('a\n');
  output.write('b\n');
  await waitUntil('both are counted', () => output.dropped === 2);
  output.write('c\n');
  await waitUntil('and the next', () => output.dropped === 3);
});

test('a reader that has gone loses lines, each is counted', async () => {
  const { path, descriptor } = pipe();
  // Of a pipe that somebody else opened: the test's own holds it open for reading, too.
  const written = opened(path, 'w');
  const output = new LineOutput(written, notTold);
  closeSync(descriptor);
  descriptors.splice(descriptors.indexOf(descriptor), 1);
  output.write('a\n');
  await waitUntil('it is counted', () => output.dropped === 1);
});

test('a reader that has stopped holds nobody up; when it goes on it is told what was lost', async () => {
  const { descriptor } = pipe();
  const told: number[] = [];
  const output = new LineOutput(descriptor, (lines) => {
    told.push(lines);
    output.write(`lost ${lines}\n`);
  });
  const line = `${'x'.repeat(1_023)}\n`;
  const fit = limits.logWaitingBytesMax / line.length;
  // The bound is of what waits: a whole chunk waits until all of it is written.
  for (let count = 0; count < fit + 7; count += 1) output.write(line);
  expect(output.dropped).toBe(7);

  let read = '';
  await waitUntil('all that waited is read, and what was lost is told', () => {
    read += readWhatIsThere(descriptor);
    return read.includes('lost 7\n');
  });
  expect(read.replace('lost 7\n', '')).toBe(line.repeat(fit));
  expect(told).toEqual([7]);
});
