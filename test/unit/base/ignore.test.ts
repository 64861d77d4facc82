// What the linter says of handlers that do nothing (no-empty-handlers.grit).
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Statements of one line each: those that the rule refuses. */
function refused(statements: readonly string[]): string[] {
  const folder = temporaryFolder();
  copyFileSync('no-empty-handlers.grit', join(folder, 'rule.grit'));
  const settings = { plugins: ['./rule.grit'], linter: { rules: { preset: 'none' } } };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'example.ts'), statements.join('\n'));
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', 'example.ts'];
  const biome = resolve('node_modules/.bin/biome');
  const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' });
  const found = stdout.matchAll(/title=plugin,.*,line=(\d+),/g);
  return [...found].map(([, line]) => statements[Number(line) - 1] as string);
}

const empty = [
  'work.catch(() => {});',
  'work.catch(() => undefined);',
  'work.catch(() => null);',
  'work.catch(() => void 0);',
  'work.catch((_error: unknown) => {});',
  'work.catch(async () => {});',
  'work.catch(function () {});',
  'work.catch(() => { /* nothing to be done */ });',
  'work.catch(() => { return; });',
  'work?.catch(() => {});',
  'work.then(undefined, () => {});',
  'work.then(() => 7).catch(() => {}).finally(() => 8);',
  "socket.on('error', () => {});",
  "socket.once('error', () => {});",
  'try { work.then(); } catch {}',
  'try { work.then(); } catch (error) {}',
  'try { work.then(); } catch { /* nothing to be done */ }',
  'try { work.then(); } catch { ; } finally { work.then(); }',
];

const saying = [
  "work.catch(ignore('the next one tells'));",
  "socket.on('error', ignore('close follows'));",
  "socket.on('close', () => {});",
  'work.catch(() => 7);',
  'work.catch((error) => socket.write(error));',
  'work.then(() => {}, (error) => socket.write(error));',
  "try { work.then(); } catch { ignore('it is looked at again'); }",
  'try { work.then(); } catch (error) { socket.write(error); }',
  'try { work.then(); } finally { /* {} */ }',
];

test('an empty handler of failures is refused, one that says why is not', () => {
  expect(refused([...empty, ...saying])).toEqual(empty);
});
