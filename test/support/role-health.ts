/** What a role says of how it is: `/readyz`, its log, its counters. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { executable } from './roles.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);

/** `url` of the role, perhaps with a query behind `/readyz`. */
export async function readiness(url: string, query = '') {
  const response = await fetch(`${url}/readyz${query}`);
  return { status: response.status, text: await response.text() };
}

/** Polls until `/readyz` is as asked. */
export function whenReadiness(url: string, isAsked: (text: string) => boolean) {
  return waitUntil('/readyz says so', async () => {
    const found = await readiness(url);
    return isAsked(found.text) && found;
  });
}

/** Of a route that knows this cluster secret. */
export async function countersOf(
  route: string,
  clusterSecret: string,
): Promise<Readonly<Record<string, number>>> {
  const where = ['--route', route, '--cluster-secret', clusterSecret, '--json'];
  const { stdout } = await run(executable, ['admin', 'counters', ...where]);
  const list = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

/**
 * The lines of a role's log that say what became of a condition (src/base/process/health.ts), once there
 * are so many: they come after what `/readyz` says.
 */
export async function whenChanged(
  condition: string,
  role: { readonly output: string },
  count: number,
): Promise<readonly { readonly msg: string }[]> {
  const lines = () => {
    // The last one may have come in part only.
    const whole = role.output.split('\n').slice(0, -1);
    return whole.filter((line) => line.includes(`"condition":"${condition}"`));
  };
  await waitUntil(`the log has ${count} of ${condition}`, () => lines().length >= count);
  return lines().map((line) => JSON.parse(line));
}
