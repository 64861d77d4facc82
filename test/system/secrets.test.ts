/**
 * Who gets in, on the packaged executable: the secret of an account from its first use to its
 * change, and what somebody without it is told.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { Client, executable, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Identity {
  readonly userId: number;
  readonly name: string;
}

const run = promisify(execFile);
/** A new account in each test. */
let userIds = 0;
let routes: string[];

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--auth', 'secret']);
  routes = [`http://${dev.addresses['route']}`];
});

function somebody(): Identity {
  userIds += 1;
  return { userId: userIds, name: `user-${userIds}` };
}

/** Logged in with what is in the folder. */
function enter(who: Identity, state: string): Promise<Client> {
  return Client.ready({ ...who, routes, state, secret: null });
}

function keptSecret({ userId }: Identity, state: string): string {
  return JSON.parse(readFileSync(join(state, `${userId}`, 'secret.json'), 'utf8')).secret;
}

/** Runs a command as this user, without input, to its end. */
async function cim(command: string, { userId, name }: Identity, ...args: readonly string[]) {
  const identity = ['--user-id', `${userId}`, '--name', name];
  const place = routes.flatMap((route) => ['--route', route]);
  const running = run(executable, [command, ...identity, ...place, ...args], { timeout: 25_000 });
  running.child.stdin?.end();
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

test('the first use draws it; another device takes it, and has it from then on', async () => {
  const who = somebody();
  const [first, second] = [temporaryFolder('first'), temporaryFolder('second')];
  const client = await enter(who, first);
  const secret = keptSecret(who, first);
  expect(await client.ask(':secret show')).toEqual({ secret });
  expect((await cim('client', who, '--state', second, '--secret', secret)).code).toBe(0);
  expect(keptSecret(who, second)).toBe(secret);
  await enter(who, second);
});

test('without it nobody is let in, and is told what to do in one line', async () => {
  const who = somebody();
  await enter(who, temporaryFolder('owner'));
  const told = new RegExp(`this is not the secret of \\(${who.userId}\\) ${who.name}: .*--secret`);
  const elsewhere = ['--state', temporaryFolder('impostor')];
  for (const guess of [[], ['--secret', 'a guess, and a wrong one']]) {
    const asScript = await cim('client', who, ...elsewhere, ...guess, '--json');
    expect(asScript.code).toBe(77);
    expect(
      asScript.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ event: 'closed', reason: expect.stringMatching(told) }]);
    const sent = await cim('send', who, ...elsewhere, ...guess, '--to', '1', 'not from me');
    expect(sent.code).toBe(77);
    expect(sent.stderr).toMatch(new RegExp(`^cim send: ${told.source}[^\\n]*\\n$`));
    expect(sent.stderr).not.toContain('a guess');
  }
});

test('where none can be kept one has to be given', async () => {
  const who = somebody();
  const nowhere = ['--state', '/proc/nowhere'];
  const refused = await cim('client', who, ...nowhere, '--json');
  expect(refused.code).toBe(77);
  expect(refused.stdout).toMatch(/needs a secret, and one could not be saved: .*--secret/);
  const given = ['--secret', 'a phrase that only its user knows'];
  expect((await cim('client', who, ...nowhere, ...given)).code).toBe(0);
  expect((await cim('client', who, ...nowhere, ...given)).code).toBe(0);
});

test('two processes that use an account for the first time at once have one secret', async () => {
  const who = somebody();
  const state = temporaryFolder('both');
  const clients = await Promise.all([enter(who, state), enter(who, state), enter(who, state)]);
  const secret = keptSecret(who, state);
  for (const client of clients) expect(await client.ask(':secret show')).toEqual({ secret });
});

test('when it is changed, all who keep it elsewhere are out', async () => {
  const who = somebody();
  const [home, away] = [temporaryFolder('home'), temporaryFolder('away')];
  const client = await enter(who, home);
  const before = keptSecret(who, home);
  const beside = await enter(who, home);
  const other = await Client.ready({ ...who, routes, state: away, secret: before });

  expect(await client.ask(':secret rotate')).toEqual({ rotated: true });
  expect(await other.process.exited).toBe(77);
  expect(other.events.at(-1)).toMatchObject({
    event: 'closed',
    reason: expect.stringContaining('was changed'),
  });
  expect(keptSecret(who, home)).not.toBe(before);
  for (const each of [client, beside]) {
    await each.whenEvent('is back', ({ event }) => event === 'ready' && readies(each) === 2);
    each.say(`${who.userId};;still here`);
    await each.whenSent(1);
  }
  expect((await cim('client', who, '--state', away)).code).toBe(77);
  expect((await cim('client', who, '--state', home)).code).toBe(0);
});

function readies({ events }: Client): number {
  return events.filter(({ event }) => event === 'ready').length;
}
