/**
 * Goal: an operator who asks one route sees all roles: what each tells, and why one tells nothing.
 * Method: real HTTP ports of roles, and a registry that knows more of them than there are.
 */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { buildHttpApp } from '../../../../src/http/app.ts';
import { requestJson } from '../../../../src/http/client.ts';
import { figureEndpoints } from '../../../../src/http/metrics.ts';
import { buildView } from '../../../../src/registry/registry-view.ts';
import { ClusterRoles } from '../../../../src/route/cluster/cluster-roles.ts';
import { clusterKeyOf, clusterKeysOf } from '../../../support/cluster-key.ts';
import { figuresOf } from '../../../support/figures.ts';
import { freePort } from '../../../support/free-port.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { recordingLog } from '../../http/recording-log.ts';

const version = '9.9.9';

/** The HTTP port of a server that knows this secret, or of one that has no /status. */
async function openServer(instance: string, secret: string, tells = true): Promise<number> {
  const figures = figuresOf(new Counters(), { role: 'server', instance, version });
  const app = buildHttpApp({
    title: 'cim server',
    version,
    log: recordingLog().log,
    endpoints: tells ? figureEndpoints(figures) : [],
    proofs: { clusterKeys: clusterKeysOf(secret) },
  });
  onTeardown(() => app.close());
  return (await app.listen({ host: '127.0.0.1', port: 0, option: '--http-port' })).port;
}

function addressAt(port: number) {
  const where = { host: '127.0.0.1', tls: false };
  return [
    { kind: 'tcp', port: port - 1, ...where },
    { kind: 'http', port, ...where },
  ];
}

function rolesAt(ports: Readonly<Record<string, number>>): ClusterRoles {
  const servers = Object.entries(ports).map(([instance, port]) => {
    const server = { instance, address: addressAt(port), version, connections: 0 };
    return { server, order: 0 };
  });
  const view = buildView(servers, new Set(), []);
  const own = figuresOf(new Counters(), { role: 'route', instance: 'own', address: 'me:1' });
  return new ClusterRoles({
    own: () => [own.status],
    others: {
      registry: { view },
      request: requestJson,
      clusterKey: () => clusterKeyOf('cluster'),
    },
  });
}

test('each tells how it is; who does not is there with the reason', async () => {
  const ports = {
    tells: await openServer('tells', 'cluster'),
    older: await openServer('older', 'cluster', false),
    stranger: await openServer('stranger', 'another secret'),
    gone: await freePort(),
  };
  const roles = rolesAt(ports);
  const told = await roles.status();
  const byName = Object.fromEntries(told.map((role) => [role.instance, role]));
  expect(Object.keys(byName).sort()).toEqual(['gone', 'older', 'own', 'stranger', 'tells']);
  expect(told[0]).toMatchObject({ role: 'route', address: 'me:1', problems: [] });
  expect(byName['tells']).toMatchObject({
    ...{ role: 'server', version, address: `127.0.0.1:${ports.tells - 1}` },
    ...{
      problems: [],
      now: {},
      refused: [],
      talkers: [],
      settings: [],
      failedPushes: [],
      startedAt: expect.any(Number),
    },
  });
  expect(byName['older']).toMatchObject({ silent: 'it is of a version that does not tell' });
  expect(byName['stranger']).toMatchObject({ silent: expect.stringContaining('did not prove') });
  expect(byName['gone']).toMatchObject({ silent: expect.stringContaining('no answer') });

  const hours = await roles.lastHour();
  expect(hours.find(({ instance }) => instance === 'tells')).toMatchObject({ series: {} });
});

test('of very many, so many are asked', async () => {
  const gone = await freePort();
  const names = Array.from({ length: limits.rolesAskedMax + 5 }, (_, place) => [`s${place}`, gone]);
  const told = await rolesAt(Object.fromEntries(names)).status();
  expect(told).toHaveLength(limits.rolesAskedMax + 1);
});
