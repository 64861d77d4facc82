/** Of Redis and ZooKeeper, as this machine reaches them. */

import { limits } from '../../base/limits.ts';
import { createLogger } from '../../base/log.ts';
import { faults } from '../../base/process/faults.ts';
import type { DoctorSettings } from '../../config/settings.ts';
import { inspectZooKeeper } from '../../registry/inspect-zookeeper.ts';
import { inspectRedis } from '../../store/open-store.ts';
import { bad, type Check, type Finding, ok, warn } from './finding.ts';
import { redisKernelFindings } from './machine-checks.ts';
import { certificateFindings } from './port-checks.ts';

const certificateWords = { remedy: 'renew it, and give it to Redis: CONFIG SET tls-cert-file' };

type Inspected = Awaited<ReturnType<typeof inspectRedis>>;

export function serviceChecks(settings: DoctorSettings): readonly Check[] {
  const { zk, redis } = settings;
  const checks: Check[] = [];
  if (zk !== undefined)
    checks.push({
      name: 'ZooKeeper',
      run: async () => zookeeperFindings(await inspectZooKeeper(zk)),
    });
  if (redis !== undefined)
    checks.push({
      name: 'Redis',
      run: async () => {
        const silent = createLogger('doctor', 'silent');
        const inspected = await inspectRedis({ ...settings, redis }, silent);
        const isHere = inspected.masters.some((master) => master.isHere);
        return [
          ...redisFindings(inspected, settings.ackReplicas),
          ...(isHere ? await redisKernelFindings() : []),
        ];
      },
    });
  return checks;
}

/** Whoever is left of an ensemble has a majority, or serves nobody. */
export function zookeeperFindings(
  members: Awaited<ReturnType<typeof inspectZooKeeper>>,
): readonly Finding[] {
  const check = 'ZooKeeper';
  const { words, remedy } = faults.registry;
  const serving = members.filter(({ problem }) => problem === undefined);
  const reasons = members.flatMap(({ server, problem }) =>
    problem === undefined ? [] : [`${server}: ${problem}`],
  );
  if (serving.length === 0) return [bad(check, `${words}: ${reasons.join('; ')}`, remedy)];
  const says = serving
    .map(({ server, mode, version }) => [server, mode, version].filter(Boolean).join(' '))
    .join(', ');
  const findings = [ok(check, says)];
  if (reasons.length > 0)
    findings.push(warn(check, reasons.join('; '), 'bring it back: one more, and nobody is served'));
  if (members.length === 1)
    findings.push(
      warn(check, `${says} is alone`, 'three members, for a cluster that is to outlive a machine'),
    );
  return findings;
}

export function redisFindings(
  { problem, refusal, masters }: Inspected,
  ackReplicas: number,
): readonly Finding[] {
  const check = 'Redis';
  if (problem !== null) return [bad(check, ...told('store-connection', problem))];
  const findings: Finding[] = [];
  if (refusal !== null) findings.push(bad(check, ...told('store-refusals', refusal)));
  for (const {
    node,
    version,
    replicas,
    warnings,
    usedBytes,
    bytesMax,
    aheadMs,
    takenMs,
    certificateEndsAt,
  } of masters) {
    findings.push(
      ok(check, `${node} Redis ${version}, ${replicas} replicas, ${takenMs.toFixed(1)} ms`),
    );
    if (certificateEndsAt)
      findings.push(
        ...certificateFindings(`${check} ${node}`, certificateEndsAt, certificateWords),
      );
    for (const warning of warnings)
      findings.push(bad(check, `${node}: ${warning}`, 'docs/guides/redis.md has the settings'));
    if (replicas < ackReplicas)
      findings.push(
        bad(
          check,
          `${node} has ${replicas} replicas, and --ack-replicas is ${ackReplicas}`,
          'bring its replicas back: nothing is acknowledged before they have it',
        ),
      );
    if (bytesMax > 0 && usedBytes > 0.8 * bytesMax)
      findings.push(
        warn(check, `${node} uses ${percent(usedBytes, bytesMax)} of maxmemory`, 'raise maxmemory'),
      );
    findings.push(...clockFindings(`the store's (${node})`, -aheadMs, takenMs));
  }
  return findings;
}

/** `aheadMs`: of this machine's clock; it was asked for within `takenMs`. */
export function clockFindings(whose: string, aheadMs: number, takenMs: number): readonly Finding[] {
  const differsMs = Math.max(0, Math.abs(aheadMs) - takenMs);
  if (differsMs <= limits.clockDiffersMs) return [];
  const side = aheadMs < 0 ? 'behind' : 'ahead of';
  const seconds = `${(differsMs / 1_000).toFixed(1)} s`;
  const isWrong = differsMs > limits.clockToleranceMs;
  const { words, remedy } = faults[isWrong ? 'clock-wrong' : 'clock-differs'];
  const says = `${words}: it is ${seconds} ${side} ${whose}`;
  return [isWrong ? bad('clock', says, remedy) : warn('clock', says, remedy)];
}

function told(name: 'store-connection' | 'store-refusals', detail: string): [string, string] {
  const { words, remedy } = faults[name];
  return [`${words}: ${detail}`, remedy];
}

function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)} %`;
}
