/** `cim client` as a person has it: on a terminal, started by a shell. */
import { beforeAll, expect, test } from '@jest/globals';
import { Client, executable, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTerminal } from '../support/terminal.ts';
import { waitUntil } from '../support/wait-until.ts';

let route: string;
let bob: Client;
beforeAll(async () => {
  route = `http://${(await startDevelopment()).addresses['route']}`;
  bob = await Client.ready({ userId: 2, name: 'bob', routes: [route] });
});

/** A person's client in a shell, logged in. */
async function startPerson(userId: number, name: string) {
  const terminal = await startTerminal(80);
  const person = ['--user-id', `${userId}`, '--name', name, '--state', temporaryFolder(name)];
  await terminal.type(`clear; ${executable} client ${person.join(' ')} --route ${route}`);
  await terminal.press('Enter');
  await terminal.whenShown(new RegExp(`^● ${name}>$`));
  return terminal;
}

test.each([
  { userId: 11, name: 'amy', marked: true },
  { userId: 15, name: 'zoe', marked: false },
])('a paste is one message (marked: $marked)', async ({ userId, name, marked }) => {
  const terminal = await startPerson(userId, name);
  const pasted = `if (${marked}) {\n\tb();\n}\n:q\nlast`;
  await terminal.paste(`${pasted}\n`, { marked });
  await terminal.whenShown(/^last$/);
  await terminal.press('Enter');
  await bob.whenText(pasted);
  expect(bob.texts.at(-1)).toBe(pasted);
  expect(bob.texts).not.toContain('last');
});

test('stopped by Ctrl-Z and let go on, it has what was typed and takes the rest', async () => {
  const terminal = await startPerson(12, 'eve');
  await terminal.type('half a li');
  await terminal.whenShown(/^● eve> half a li$/);
  await terminal.press('C-z');
  await terminal.whenShown(/Stopped/);
  await terminal.type('echo $((6 * 7)); fg');
  await terminal.press('Enter');
  await terminal.whenShown(/^42$/);
  await terminal.whenShown(/^● eve> half a li$/);
  await terminal.type('ne');
  await terminal.press('Enter');
  await bob.whenText('half a line');
});

test('stopped by others and let go on, it has what was typed and takes the rest', async () => {
  const terminal = await startPerson(14, 'ann');
  await terminal.type('half a li');
  await terminal.whenShown(/^● ann> half a li$/);
  await terminal.stopJob();
  await terminal.whenShown(/Stopped/);
  await terminal.type('clear; echo $((6 * 7)); fg');
  await terminal.press('Enter');
  await terminal.whenShown(/^42$/);
  // Nobody has pressed a key since.
  await terminal.whenShown(/^● ann> half a li$/);
  await terminal.type('ne of ann');
  await terminal.press('Enter');
  await bob.whenText('half a line of ann');
});

test('a window that is made wider and narrower loses and doubles nothing', async () => {
  const terminal = await startPerson(13, 'joe');
  await terminal.type('said before');
  await terminal.press('Enter');
  await terminal.whenShown(/you: said before ✓$/);
  let text = 'a text that takes more than one row of eighty columns, and less than a hundred';
  await terminal.type(text);
  for (const columns of [110, 60, 100]) {
    await terminal.resize(columns);
    // Typed after that, so drawn with its new size.
    await terminal.type('!');
    text += '!';
    const rows = await terminal.whenShown(new RegExp(`[^!]${/!+$/.exec(text)?.[0]}$`));
    const start = rows.findIndex((row) => row.startsWith('● joe>'));
    const draft = rows.slice(start);
    expect(draft.join('').replaceAll(' ', '')).toBe(`● joe> ${text}`.replaceAll(' ', ''));
    expect(draft).toHaveLength(columns < 90 ? 2 : 1);
    expect(rows.filter((row) => row.includes('you: said before'))).toHaveLength(1);
  }
  await terminal.press('C-u', 'C-c');
  await terminal.whenShown(/bye/);
});

test('who types is shown to whom it is for, until it is said or they stop', async () => {
  const ida = await startPerson(21, 'ida');
  const pat = await startPerson(22, 'pat');
  const isTyping = /^\(21\) ida is typing…$/;
  const whenGone = () =>
    waitUntil(
      'nobody is typing',
      async () => !(await pat.rows()).some((row) => isTyping.test(row)),
    );
  const typeUntilShown = () =>
    waitUntil('ida is typing', async () => {
      // However late it is looked at: it is told anew.
      await ida.type('!');
      return (await pat.rows()).some((row) => isTyping.test(row));
    });
  await ida.type('22;;hi');
  await typeUntilShown();
  await ida.press('Enter');
  await pat.whenShown(/\(21\) ida → you .*: hi!+$/);
  await whenGone();
  await ida.type('22;;again');
  await typeUntilShown();
  await ida.press('C-u');
  await whenGone();
});
