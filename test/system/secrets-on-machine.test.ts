// Goal: other users of the machine learn no secret of cim's, and open no debugger in it. Method: the
// packaged executable with secrets given in each way, looked at as others can: through /proc.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type Role, startDevelopment, startRoute, startServer } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const secret = 'a-secret-that-nobody-else-knows';
const zkAuth = 'cim:the-password-of-zookeeper';

/** Of all processes but those of this test. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

function secretFile(text: string): string {
  const path = join(temporaryFolder('secret'), 'secret');
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

describe('a cluster with workers, whose secrets are given', () => {
  let redis: TestRedis;
  let zookeeper: { readonly address: string };

  beforeAll(async () => {
    [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  });

  const ways: Record<string, () => string[]> = {
    'as flags': () => ['--cluster-secret', secret, '--zk-auth', zkAuth],
    'in files': () => [
      ...['--cluster-secret-file', secretFile(secret)],
      ...['--zk-auth-file', secretFile(zkAuth)],
    ],
    'in a file of settings': () => {
      const path = secretFile(`cluster-secret: ${secret}\nzk-auth: ${zkAuth}`);
      return ['--config', path];
    },
  };

  test.each(Object.keys(ways))('%s, shows none', async (way) => {
    const args = [...(ways[way]?.() ?? []), '--workers', '2'];
    const route = await startRoute(zookeeper.address, redis.address, args);
    const server = await startServer(zookeeper.address, args);
    const lines = commandLines();
    expect(lines.filter((line) => /cim (route|server)/.test(line)).length).toBeGreaterThanOrEqual(
      6,
    );
    for (const hidden of [secret, zkAuth.split(':')[1] ?? ''])
      expect(lines.filter((line) => line.includes(hidden))).toEqual([]);
    for (const { process } of [server, route]) await process.stop();
  });
});

/** Ports of loopback that are listened on, by all processes. */
function listeningPorts(): number[] {
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, , port, state] = /^ *\d+: (\w+):(\w+) \S+ (\w+)/.exec(line) ?? [];
      return state === '0A' && port !== undefined ? [Number.parseInt(port, 16)] : [];
    });
}

test('SIGUSR1 opens no debugger, and changes nothing', async () => {
  const role: Role = await startDevelopment();
  for (let count = 0; count < 3; count++) role.process.signal('SIGUSR1');
  const answer = await fetch(`http://${role.addresses['route']}/healthz`);
  expect(answer.status).toBe(200);
  await role.process.stop();
  expect(role.process.output).not.toContain('Debugger');
  expect(listeningPorts()).not.toContain(9229);
});
