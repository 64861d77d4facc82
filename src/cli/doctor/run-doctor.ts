/** `cim doctor`: makes the checks, and shows what they find. */
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { Tls } from '../../base/network/tls.ts';
import { safeJson, safeLine } from '../../base/text/safe-text.ts';
import { nodePlatform } from '../../client/sdk/node/node-platform.ts';
import { layOut } from '../../client/terminal/view/layout.ts';
import type { DoctorSettings } from '../../config/settings.ts';
import { openCluster } from '../admin/cluster.ts';
import { bad, type Check, type Finding, runCheck } from './finding.ts';
import { machineChecks } from './machine-checks.ts';
import { messageCheck } from './message-check.ts';
import { ownCertificateCheck, portCheck } from './port-checks.ts';
import { roleCheck } from './role-checks.ts';
import { serviceChecks } from './service-checks.ts';

export interface DoctorOutput {
  write(text: string): unknown;
  /** Of a terminal. */
  readonly columns?: number;
}

/** Resolves to the exit code: 1 if anything is bad. */
export async function runDoctor(settings: DoctorSettings, out: DoctorOutput): Promise<number> {
  const { tlsCert, json } = settings;
  let isBad = false;
  const show = (finding: Finding) => {
    isBad ||= finding.level === 'bad';
    out.write(json ? `${safeJson(finding)}\n` : lineOf(finding, out.columns));
  };
  const here = [
    ...machineChecks(settings),
    ...(tlsCert === undefined ? [] : [ownCertificateCheck(tlsCert)]),
    ...serviceChecks(settings),
  ];
  await showAll(here, show);
  await showAll(await clusterChecks(settings), show);
  return isBad ? exitCodes.failure : exitCodes.ok;
}

/** They run at once, and are shown in their order. */
async function showAll(checks: readonly Check[], show: (finding: Finding) => void): Promise<void> {
  const running = checks.map((check) => runCheck(check));
  for (const findings of running) for (const finding of await findings) show(finding);
}

async function clusterChecks(settings: DoctorSettings): Promise<readonly Check[]> {
  try {
    const { ask, routes } = await openCluster(settings);
    if (routes.length === 0) throw new CimError('unavailable', 'no route is announced there');
    await ask('GET', '/healthz');
    const { tlsCa, tlsName } = settings;
    const platform = nodePlatform(await Tls.open({ tlsCa, tlsName }));
    return [roleCheck(ask), portCheck(ask, routes), messageCheck(routes, platform)];
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    const remedy = 'start a route, or say where one is: --route URL, or --zk HOSTS';
    return [{ name: 'route', run: async () => [bad('route', error.message, remedy)] }];
  }
}

const levelWidth = 6;

function lineOf({ check, level, says, remedy }: Finding, columns = Infinity): string {
  const told = remedy === undefined ? says : `${says} → ${remedy}`;
  const head = [{ text: level.padEnd(levelWidth) }];
  const body = safeLine(`${check}: ${told}`);
  const rows = layOut({ head, body, margin: levelWidth }, { columns, isColoured: false });
  return rows.map((row) => `${row}\n`).join('');
}
