/** Files at a terminal and in scripts: what is typed, shown and written. */
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Message, MessageFile } from '../../../src/client/sdk/index.ts';
import { CimError } from '../../../src/client/sdk/index.ts';
import { completeLine } from '../../../src/client/terminal/input/completion.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { parseJsonInput } from '../../../src/client/terminal/input/json-input.ts';
import { pathsFor } from '../../../src/client/terminal/input/path-completion.ts';
import { LineRunner } from '../../../src/client/terminal/line-runner.ts';
import { openLocalFile } from '../../../src/client/terminal/local-file.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { saveFile } from '../../../src/client/terminal/save-file.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const at = new Date(2026, 0, 31, 10, 5).getTime();
const amys = '2.0202020202020202.1.1';
const file: MessageFile = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  capability: 'the-capability-of-the-file',
  name: 'a.png',
  bytes: 300_000,
  type: 'image/png',
  width: 640,
  height: 480,
  thumbnail: Uint8Array.of(255, 0),
  key: new Uint8Array(32).fill(7),
  sha256: new Uint8Array(32),
};
const message: Message = {
  ...{ id: amys, from: 2, fromName: 'amy', to: 1, seq: 7, at },
  ...{ text: '[a.png, 300 KB]', file },
};

describe('what is typed', () => {
  test('names a file, and to whom it goes', () => {
    const path = 'my pictures/a b.png';
    expect(parseInput(`:file 7 ${path}`)).toEqual({ kind: 'file', target: { to: 7 }, path });
    const group = { group: 'builds' };
    expect(parseInput(':file #Builds a.png')).toMatchObject({ target: group, path: 'a.png' });
    for (const line of [':file', ':file 7', ':file bob a.png', ':file # a.png', ':open'])
      expect(parseInput(line)).toMatchObject({ kind: 'refusal' });
    expect(parseInput(':file 7 "my notes.txt"')).toMatchObject({ path: 'my notes.txt' });
    expect(parseInput(`:open ^ 'a b/'`)).toMatchObject({ path: 'a b/' });
    expect(parseInput(':open ^')).toEqual({ kind: 'open', message: '^', path: undefined });
    expect(parseInput(`:open ${amys} a b/`)).toMatchObject({ message: amys, path: 'a b/' });
  });

  test('in scripts is an object', () => {
    const line = (fields: object) => parseJsonInput(JSON.stringify(fields));
    expect(line({ to: 7, file: 'a.png' })).toEqual({
      ...{ kind: 'file', target: { to: 7 }, path: 'a.png' },
    });
    const replyTo = amys;
    expect(line({ group: 'builds', file: 'a.png', replyTo })).toMatchObject({ replyTo });
    for (const fields of [
      { file: 'a.png' },
      { to: 7, file: '' },
      { to: 7, file: 1 },
      { to: 7, file: 'a.png', text: 'x' },
      { to: 7, file: 'a.png', replyTo: 1 },
    ])
      expect(line(fields)).toMatchObject({ kind: 'refusal' });
  });

  test('is completed: whom it is for, and what there is', async () => {
    const folder = temporaryFolder('paths');
    mkdirSync(join(folder, 'pictures'));
    for (const name of ['a b.png', 'a c.png', '.hidden', '\u001b[2J'])
      writeFileSync(join(folder, name), '');
    const names = {
      userId: 1,
      online: [{ userId: 7, userName: 'amy' }],
      groups: ['builds'],
      messages: [],
    };
    const complete = async (line: string) =>
      completeLine(line, { ...names, paths: await pathsFor(line) });
    expect(await complete(':file am')).toMatchObject({ replacements: ['7 '] });
    expect(await complete(':file #b')).toMatchObject({ replacements: ['#builds '] });
    expect(await complete(`:file 7 ${folder}/p`)).toMatchObject({
      replacements: [`${folder}/pictures/`],
    });
    expect(await complete(`:file 7 ${folder}/a`)).toMatchObject({
      replacements: [`${folder}/a `],
      labels: [`${folder}/a b.png`, `${folder}/a c.png`],
    });
    // What cannot be shown as it is is not offered, and what is hidden only to who asks for it.
    expect((await complete(`:file 7 ${folder}/`)).labels).toHaveLength(3);
    expect(await complete(`:file 7 ${folder}/.`)).toMatchObject({
      replacements: [`${folder}/.hidden`],
    });
    expect(await complete(`:open ^ ${folder}/`)).toMatchObject({
      replacements: [`${folder}/pictures/`],
    });
    expect(await complete(`:file 7 ${folder}/none/`)).toMatchObject({ replacements: [] });
    const recent = new RecentMessages();
    recent.add({ ...message, id: 'x', file: undefined as never, text: 'none' });
    recent.add(message);
    const [choice] = completeLine(':open ', {
      ...names,
      paths: [],
      messages: recent.newest(),
    }).replacements;
    expect(choice).toBe('2 ');
  });
});

function views() {
  const [script, person] = [new PassThrough(), new PassThrough()];
  const recent = new RecentMessages();
  const status: string[] = [];
  const screen = new PlainScreen(new Output(person));
  screen.showStatus = (text?: string) => void status.push(text ?? '');
  const clock = new VirtualClock(at);
  const client = new FakeMessenger();
  return {
    ...{ recent, status, clock, client },
    json: new JsonView(new Output(script), new Output(new PassThrough().resume())),
    human: new HumanView({ screen, people: new People(), recent, userId: 1, clock, client }),
    events: () =>
      String(script.read() ?? '')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    shown: () => String(person.read() ?? ''),
  };
}

describe('what is shown', () => {
  test('is what the file is, and to scripts nothing that it is read with', async () => {
    const { json, events } = views();
    await json.message(message);
    const [event] = events();
    expect(event).toMatchObject({ event: 'message', text: '[a.png, 300 KB]' });
    expect(event.file).toEqual({
      ...{ name: 'a.png', bytes: 300_000, type: 'image/png', width: 640, height: 480 },
      thumbnail: '_wA',
    });
    expect(JSON.stringify(event)).not.toMatch(/capability|sha256|key/);
  });

  test('to people is one line, whatever its name is and its text says', async () => {
    const { human, shown } = views();
    await human.message(message);
    const nasty = { ...file, name: 'a\u202egnp.exe' };
    await human.message({ ...message, text: '[harmless.png, 3 KB]', file: nasty });
    await human.message({ ...message, text: '', retracted: true });
    expect(shown().split('\n')).toEqual([
      '10:05 (2) amy → you: [a.png, 300 KB, 640×480]',
      '10:05 (2) amy → you: [harmless.png, 3 KB] [a\ufffdgnp.exe, 300 KB, 640×480]',
      '10:05 (2) amy → you: [retracted]',
      '',
    ]);
  });

  test('is how far it is, until it is over', async () => {
    const { human, json, status, events } = views();
    const line = { number: 3, text: ':file 7 a.png' };
    const transfer = { what: 'sending a.png', bytes: 30, total: 100, percent: 30 };
    human.transferring(line, transfer);
    human.typing({ from: 2 });
    human.typing({ from: 2, ended: true });
    human.transferred(line);
    expect(status[0]).toBe(`sending a.png ${'█'.repeat(6)}${'░'.repeat(14)} 30 %`);
    expect(status[1]).toMatch(/30 % · .*typing/);
    expect(status.at(-1)).toBe('');
    json.transferring(line, transfer);
    expect(events()).toEqual([{ event: 'progress', line: 3, bytes: 30, total: 100 }]);
  });
});

/** A small picture of 3 × 2 pixels: its head. */
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]),
  Buffer.from('IHDR'),
  Buffer.from([0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]),
  randomBytes(200),
]);

describe('a file of this machine', () => {
  test('is told with its type and, of a picture, its sides', async () => {
    const folder = temporaryFolder('local');
    writeFileSync(join(folder, 'a.png'), png);
    writeFileSync(join(folder, 'broken.jpg'), 'no picture');
    writeFileSync(join(folder, 'a\nb\\c.unknown'), '');
    const facts = async (name: string) => (await openLocalFile(join(folder, name))).facts;
    expect(await facts('a.png')).toEqual({ name: 'a.png', type: 'image/png', width: 3, height: 2 });
    expect(await facts('broken.jpg')).toEqual({ name: 'broken.jpg', type: 'image/jpeg' });
    expect(await facts('a\nb\\c.unknown')).toEqual({
      name: 'a_b_c.unknown',
      type: 'application/octet-stream',
    });
    const { blob } = await openLocalFile(join(folder, 'a.png'));
    expect(Buffer.from(await blob.arrayBuffer()).equals(png)).toBe(true);
  });

  test('is a file, and there', async () => {
    const folder = temporaryFolder('local');
    for (const path of [folder, join(folder, 'none'), '/dev/zero'])
      await expect(openLocalFile(path)).rejects.toMatchObject({ kind: 'invalid-argument' });
  });
});

async function* bytesOf(...texts: (string | Error)[]) {
  for (const text of texts) {
    if (typeof text !== 'string') throw text;
    yield new TextEncoder().encode(text);
  }
}

describe('a file that is saved', () => {
  test('is whole, its reader’s alone, and never over another one', async () => {
    const folder = temporaryFolder('save');
    const first = await saveFile('a.png', bytesOf('one', ' two'), folder);
    const second = await saveFile('a.png', bytesOf('other'), folder);
    expect([first, second]).toEqual([join(folder, 'a.png'), join(folder, 'a (2).png')]);
    expect(readFileSync(first, 'utf8')).toBe('one two');
    expect(readFileSync(second, 'utf8')).toBe('other');
    expect(statSync(first).mode & 0o777).toBe(0o600);
    const named = join(folder, 'b.png');
    expect(await saveFile('a.png', bytesOf('x'), named)).toBe(named);
    await expect(saveFile('a.png', bytesOf('y'), named)).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
    expect(readFileSync(named, 'utf8')).toBe('x');
    expect(readdirSync(folder).sort()).toEqual(['a (2).png', 'a.png', 'b.png']);
  });

  test('stays in its folder, and does not follow what is laid there', async () => {
    const folder = temporaryFolder('save');
    const outside = join(temporaryFolder('outside'), 'victim');
    symlinkSync(outside, join(folder, 'a.png'));
    expect(await saveFile('a.png', bytesOf('x'), folder)).toBe(join(folder, 'a (2).png'));
    for (const name of ['../evil', '/tmp/evil', '.bashrc', '..'])
      expect(join(await saveFile(name, bytesOf('x'), folder), '..')).toBe(folder);
    expect(readdirSync(join(outside, '..'))).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(
      ['a.png', 'a (2).png', '__evil', '_tmp_evil', '_bashrc', '_'].sort(),
    );
  });

  test('that breaks off leaves nothing', async () => {
    const folder = temporaryFolder('save');
    const damaged = new CimError('damaged-file');
    await expect(saveFile('a.png', bytesOf('one', damaged), folder)).rejects.toBe(damaged);
    for (const place of [join(folder, 'none', 'b'), `${folder}/none/`])
      await expect(saveFile('a.png', bytesOf('x'), place)).rejects.toMatchObject({
        kind: 'invalid-argument',
      });
    expect(readdirSync(folder)).toEqual([]);
  });
});

function runner(client: FakeMessenger) {
  const { json, recent, events, clock } = views();
  const lines = new LineRunner({
    ...{ client, recent, clock, people: new People(), userId: 1, userName: 'bob' },
    ...{ view: json, parse: parseJsonInput, isTransient: false, patienceMs: 0 },
  });
  client.connect();
  const run = async (...texts: string[]) => {
    async function* read() {
      for (const [index, text] of texts.entries()) yield { number: index + 1, text };
    }
    await lines.run(read());
    await lines.whenAnswered();
    return events();
  };
  return { run, recent };
}

describe('a line', () => {
  test('sends a file, and saves one that was shown or is found', async () => {
    const folder = temporaryFolder('lines');
    const path = join(folder, 'a.png');
    writeFileSync(path, png);
    const client = new FakeMessenger();
    const { run, recent } = runner(client);
    const saved = join(folder, 'saved.png');
    const sending = await run(JSON.stringify({ to: 2, file: path }));
    expect(sending).toContainEqual({ event: 'sent', line: 1, id: 'file1', seq: 1 });
    expect(sending).toContainEqual({
      event: 'progress',
      line: 1,
      bytes: png.length,
      total: png.length,
    });
    // Its own, too.
    const events = await run(`:open ^ ${saved}`);
    const [result] = events.filter(({ event }) => event === 'result');
    expect(result.data).toEqual({ file: saved, name: 'a.png', bytes: png.length });
    expect(readFileSync(saved).equals(png)).toBe(true);
    client.past = [message];
    client.brought.set(file.id, Buffer.from('from before'));
    expect(recent.get(amys)).toBeUndefined();
    await run(`:open ${amys} ${folder}/old.png`);
    expect(readFileSync(join(folder, 'old.png'), 'utf8')).toBe('from before');
  });

  test('that takes long holds up no question, but whoever asks for that very file', async () => {
    const path = join(temporaryFolder('lines'), 'a.png');
    writeFileSync(path, png);
    const client = new FakeMessenger();
    const { run } = runner(client);
    const { promise, resolve } = Promise.withResolvers<void>();
    client.filesArrive = promise;
    const online = client.onlineUsers.bind(client);
    client.onlineUsers = (query) => {
      resolve();
      return online(query);
    };
    // The file arrives only when the question is asked.
    const events = await run(JSON.stringify({ to: 2, file: path }), ':olu', `:open ^ ${path}.copy`);
    const order = events.filter(({ event }) => event !== 'progress');
    expect(order.map(({ event, line }) => [event, line])).toEqual([
      ['result', 2],
      ['sent', 1],
      ['result', 3],
    ]);
  });

  test('that cannot be done says why, and the lines after it go on', async () => {
    const client = new FakeMessenger();
    client.answersAtOnce = true;
    const { run } = runner(client);
    const events = await run(
      ...[':file 2 /none', ':open ^', `:open ${amys}`, ':open 3.0202020202020202.4.1', '2;;hi'],
    );
    const codes = events.map(({ event, line, code }) => [event, line, code]);
    expect(codes).toEqual(
      expect.arrayContaining([
        ['error', 1, 'invalid-argument'],
        ['error', 2, 'invalid-argument'],
        ['error', 3, 'unknown-file'],
        ['error', 4, 'invalid-argument'],
        ['sent', 5, undefined],
      ]),
    );
  });
});
