/** So many at a time, in order, and a place that is always given back. */
import { describe, expect, test } from '@jest/globals';
import { Semaphore } from '../../../src/http/semaphore.ts';
import { settle } from '../../support/virtual-clock.ts';

function work(semaphore: Semaphore) {
  const begun: string[] = [];
  const ends = new Map<string, (result: string | Error) => void>();
  const run = (name: string) =>
    semaphore.run(() => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (result) => (result instanceof Error ? reject(result) : resolve(result)));
      });
    });
  return { begun, run, end: (name: string, result: string | Error) => ends.get(name)?.(result) };
}

describe('semaphore', () => {
  test('are for so many, and the next in the order in which they came', async () => {
    const { begun, run, end } = work(new Semaphore(2));
    const all = ['a', 'b', 'c', 'd'].map(run);
    await settle();
    expect(begun).toEqual(['a', 'b']);
    end('b', 'of b');
    await settle();
    expect(begun).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c']) end(name, `of ${name}`);
    await settle();
    end('d', 'of d');
    expect(await Promise.all(all)).toEqual(['of a', 'of b', 'of c', 'of d']);
  });

  test('are given back by what fails, at once or later', async () => {
    const semaphore = new Semaphore(1);
    const { run, end } = work(semaphore);
    const late = run('late');
    const thrown = semaphore.run(() => {
      throw new Error('at once');
    });
    const next = semaphore.run(() => 'done');
    end('late', new Error('later'));
    await expect(late).rejects.toThrow('later');
    await expect(thrown).rejects.toThrow('at once');
    expect(await next).toBe('done');
    expect(await semaphore.run(() => 'again')).toBe('again');
  });
});
