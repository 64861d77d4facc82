/** `cim admin import-java` on what a Java system has written, and a Java client that logs in afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runProgram } from '../../src/cli/program.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { JavaPeer, javaPost } from '../support/java-peer.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { FakeHost } from '../unit/cli/fake-host.ts';

const zs = 1547028929408;
const cj = 1547028929407;
const numeric = 1547028929409;
const again = 1547028929410;

let redis: TestRedis;
let route: string;

beforeAll(async () => {
  redis = await startRedis();
});

beforeEach(async () => {
  await redis.command('FLUSHALL');
  const dev = await startDevInProcess({
    ...{ data: ':memory:', auth: 'open', 'cluster-secret': 'cluster' },
  });
  route = `http://127.0.0.1:${dev.route.port}`;
});

async function importJava(...args: string[]) {
  const fake = new FakeHost({ CIM_CLUSTER_SECRET: 'cluster' });
  const code = await runProgram(['admin', 'import-java', '--route', route, ...args], fake.host);
  return { code, ...(await fake.written()) };
}

/** As the Java route registers. */
async function account(id: number, name: string): Promise<void> {
  await redis.command('SET', `cim-account:${id}`, name);
  await redis.command('SET', name, `cim-account:${id}`);
}

interface Waiting {
  readonly id: string;
  readonly to: number;
  readonly text: string;
  readonly at?: string;
}

function jsonOf({ id, to, text, at = '2026-04-05T10:05:13.123456' }: Waiting): string {
  const properties = { sendUserId: String(cj), receiveUserId: String(to), sendUserName: 'cj' };
  const rest = { receiveUserId: to, content: text, messageType: 0, status: 0, createdAt: at };
  // An id has more digits than a number of JavaScript.
  return `{"messageId":${id},${JSON.stringify({ ...rest, properties }).slice(1)}`;
}

/** As saveOfflineMsg.lua writes it. */
async function waiting(message: Waiting): Promise<void> {
  await redis.command('SET', `offline:msg:${message.id}`, JSON.stringify(jsonOf(message)));
  await redis.command('RPUSH', `offline:msg:user:${message.to}`, message.id);
}

/** As v2.1.0 does. */
async function waitingInHash({ id, ...message }: Waiting): Promise<void> {
  const fields = JSON.parse(jsonOf({ id: '1', ...message })) as Record<string, unknown>;
  const pairs = Object.entries(fields).flatMap(([name, value]) => [name, JSON.stringify(value)]);
  await redis.command('HSET', `offline:msg:${id}`, ...pairs);
  await redis.command('RPUSH', `offline:msg:user:${message.to}`, JSON.stringify(id));
}

describe('from the Redis of a Java system', () => {
  beforeEach(async () => {
    await account(zs, 'zs');
    await account(cj, 'cj');
    await waiting({ id: '725272804966010880', to: zs, text: 'hi' });
    await waiting({ id: '725272804966010881', to: zs, text: 'an "emoji" 😀\nand a line' });
    await waitingInHash({ id: '725272804966010882', to: zs, text: 'of an older version' });
    // It has expired, and its id is still in the list.
    await redis.command('RPUSH', `offline:msg:user:${zs}`, '725272804966010883');
  });

  const texts = ['hi', 'an "emoji" 😀\nand a line', 'of an older version'];

  test('accounts keep their ids, and a Java client that logs in gets what waited for it, once', async () => {
    const first = await importJava('--from', redis.address);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('accounts: 2 imported, 0 were here already, 0 refused');
    expect(first.stdout).toContain(
      'messages: 3 imported, 0 were here already, 1 had expired, 0 refused',
    );
    const second = await importJava('--from', `redis://${redis.address}`);
    expect(second.stdout).toContain('accounts: 0 imported, 2 were here already, 0 refused');
    expect(second.stdout).toContain(
      'messages: 0 imported, 3 were here already, 1 had expired, 0 refused',
    );
    const peer = await JavaPeer.login(route, zs, 'zs');
    await peer.whenTexts(...texts);
    const [pending] = peer.frames.filter(({ cmd }) => cmd === 3);
    expect(pending?.properties).toMatchObject({ sendUserId: String(cj), sendUserName: 'cj' });
    await importJava('--from', redis.address);
    await javaPost(route, '/p2pRoute', { userId: cj, receiveUserId: zs, msg: 'live' });
    await peer.whenTexts(...texts, 'live');
  });

  test('a dry run says what would be done, and does nothing', async () => {
    const { stdout } = await importJava('--from', redis.address, '--dry-run');
    expect(stdout).toContain('Nothing was changed');
    expect(stdout).toContain('accounts: 2 imported');
    expect(stdout).toContain('messages: 3 imported');
    const { code } = await javaPost(route, '/login', { userId: zs, userName: 'zs' });
    expect(code).toBe('9100');
  });

  test('what cim refuses is listed with what to do, and comes with the next run', async () => {
    await account(numeric, '4711');
    // Registered a second time, at the same moment: the name leads to the other.
    await redis.command('SET', `cim-account:${again}`, 'zs');
    await waiting({ id: '725272804966010890', to: numeric, text: 'for 4711' });
    const { stdout } = await importJava('--from', redis.address);
    expect(stdout).toContain('accounts: 2 imported, 0 were here already, 2 refused');
    expect(stdout).toContain(`account ${numeric} "4711": userName: must not read as a number`);
    expect(stdout).toContain(`account ${again} "zs": ${zs} is called zs, which is the same name`);
    expect(stdout).toContain('message 725272804966010890: ');
    expect(stdout).toContain('SET cim-account:ID NAME');
    await account(numeric, 'user-4711');
    const next = await importJava('--from', redis.address);
    expect(next.stdout).toContain('accounts: 1 imported, 2 were here already, 1 refused');
    expect(next.stdout).toContain('messages: 1 imported, 3 were here already');
    const lines = (await importJava('--from', redis.address, '--json')).stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({
      accounts: { present: 3, refused: 1 },
    });
  });

  test('a Redis that cannot be read is named, without its password', async () => {
    const { code, stderr } = await importJava('--from', 'redis://:sesame@127.0.0.1:1');
    expect(code).toBe(69);
    expect(stderr).toContain('redis://127.0.0.1:1');
    expect(stderr).not.toContain('sesame');
  });
});

describe('from a dump of its MySQL', () => {
  test('what waits is taken over, whatever form the dump has', async () => {
    await account(zs, 'zs');
    await account(cj, 'cj');
    const properties = JSON.stringify({ sendUserId: String(cj), sendUserName: 'cj' });
    const escaped = properties.replaceAll('"', '\\"');
    const row = (id: number, text: string, status = 0) =>
      `(${id},72527280496601088${id},${zs},'${text}',0,${status},'2026-04-05 10:05:1${id}','${escaped}')`;
    const dump = [
      '-- MySQL dump 10.13',
      'DROP TABLE IF EXISTS `offline_msg`;',
      'CREATE TABLE `offline_msg` (',
      '  `id` bigint NOT NULL AUTO_INCREMENT,',
      '  `message_id` bigint NOT NULL,',
      '  `receive_user_id` bigint NOT NULL,',
      '  `content` varchar(2000) DEFAULT NULL,',
      '  `message_type` int DEFAULT NULL,',
      '  `status` tinyint DEFAULT NULL,',
      '  `created_at` datetime DEFAULT NULL,',
      '  `properties` varchar(2000) DEFAULT NULL,',
      '  PRIMARY KEY (`id`)',
      ') ENGINE=InnoDB;',
      `INSERT INTO \`offline_msg\` VALUES ${row(1, "it\\'s (a, test);")},${row(2, 'had before', 1)},`,
      `${row(3, 'two\\nlines')};`,
      'INSERT INTO `offline_msg` (`message_id`, `receive_user_id`, `content`, `status`, `created_at`, `properties`)',
      ` VALUES (725272804966010884,${zs},'doubled '' quote',0,'2026-04-05 10:05:14',_utf8mb4'${escaped}');`,
      'INSERT INTO `offline_msg_last_send_record` VALUES (1,2,NULL);',
    ];
    const path = join(temporaryFolder(), 'dump.sql');
    writeFileSync(path, dump.join('\n'));
    const { stdout, stderr } = await importJava('--from', redis.address, '--dump', path);
    expect(stderr).toBe('');
    expect(stdout).toContain('messages: 3 imported, 0 were here already, 0 had expired, 0 refused');
    const peer = await JavaPeer.login(route, zs, 'zs');
    await peer.whenTexts("it's (a, test);", 'two\nlines', "doubled ' quote");
  });

  test('a file that is not there is named', async () => {
    const { code, stderr } = await importJava('--dump', '/nowhere/dump.sql');
    expect(code).toBe(69);
    expect(stderr).toContain('/nowhere/dump.sql');
  });
});
