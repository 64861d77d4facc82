/**
 * `cim verify` as people and CI use it: against a cluster that keeps its promises, and against one
 * that does not.
 */
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startDevelopment, startRole } from '../support/roles.ts';
import { startVerify, whenTold } from '../support/verify.ts';

const hasSent = /sent [1-9]/;

describe('against a cluster that is there', () => {
  test('people with several devices, disturbed: every promise is kept, and that is what it says', async () => {
    const dev = await startDevelopment();
    const args = ['--route', `http://${dev.addresses['route']}`, '--seed', '11', '--lobby'];
    const verify = await startVerify([...args, '--minutes', '0.25', '--json']);
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(verify.stdout);
    expect(report).toMatchObject({ seed: 11, isKept: true, breaches: { lost: 0, doubled: 0 } });
    expect(report.outcomes.stored).toBeGreaterThan(500);
    // What was stored is shown on several devices.
    expect(report.shown).toBeGreaterThan(2 * report.outcomes.stored);
    expect(Object.keys(report.planned).length).toBeGreaterThan(3);
  });

  test('one that forgets what it has acknowledged: broken', async () => {
    const ports = { '--port': 0, '--http-port': 0, '--route-port': 0 };
    for (const port of Object.keys(ports) as (keyof typeof ports)[]) ports[port] = await freePort();
    const startForgetful = () =>
      startRole('dev', [
        ...['--data', ':memory:'],
        ...Object.entries(ports).flatMap(([name, port]) => [name, `${port}`]),
      ]);
    const dev = await startForgetful();
    const route = `http://127.0.0.1:${ports['--route-port']}`;
    // By this seed a device is half-open from second 2 to second 21: what is stored meanwhile is lost.
    const verify = await startVerify(['--route', route, '--minutes', '0.4', '--seed', '35']);
    await whenTold(verify, /^0:1\d of .* stored [1-9]\d/m);
    await dev.process.kill();
    await startForgetful();
    expect([await verify.exited, verify.output]).toEqual([1, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}lost +[1-9]/m);
    // The first ten of all that was broken: there may be others before what was lost.
    expect(verify.stdout).toMatch(/^\w+: message \d+ of device [\d.]+ .*: (not )?shown\b/m);
    expect(verify.stdout).toContain('--seed 35');
  });

  test('told to end, it stops sending and judges what there is', async () => {
    const dev = await startDevelopment();
    const route = `http://${dev.addresses['route']}`;
    const verify = await startVerify(['--route', route, '--minutes', '10']);
    await whenTold(verify, hasSent);
    verify.signal('SIGINT');
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}stored +[1-9]/m);
  });

  test('nobody there: it says so, and exits 69', async () => {
    const route = `http://127.0.0.1:${await freePort()}`;
    const verify = await startVerify(['--route', route]);
    await whenTold(verify, /; logging in$/m);
    verify.signal('SIGINT');
    expect(await verify.exited).toBe(69);
    expect(verify.output).toContain('gets no login');
  });

  test('it is not harmed', async () => {
    const verify = await startVerify(['--route', 'http://127.0.0.1:1', '--faults']);
    expect(await verify.exited).toBe(64);
    expect(verify.output).toContain(
      '--faults: only a cluster that it has started itself is harmed',
    );
  });
});
