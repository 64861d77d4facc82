/** What people install: a chat on it is the least that each has to lead to. */
import { expect } from '@jest/globals';
import { Client, startRole } from './roles.ts';

/** `cim dev` and two clients, all of `program`: what one writes, the other reads. */
export async function chatOn(program: string): Promise<void> {
  const ports = ['--port', '0', '--http-port', '0', '--route-port', '0', '--data', ':memory:'];
  const { process, addresses } = await startRole('dev', ports, {}, { program });
  const routes = [`http://${addresses['route']}`];
  const amy = await Client.ready({ userId: 1, name: 'amy', routes, program });
  const bob = await Client.ready({ userId: 2, name: 'bob', routes, program });
  amy.say('2;;hi');
  expect(await bob.whenText('hi')).toMatchObject({ from: 1, to: 2 });
  expect(await Promise.all([amy.quit(), bob.quit()])).toEqual([0, 0]);
  expect(await process.stop()).toBe(0);
}
