/** `cim dev` with operators, and operators at its dashboard. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { BrowserUser, type OpenPageOptions } from './chromium.ts';
import { executable, startDevelopment } from './roles.ts';

const secret = 'a cluster secret for tests of the dashboard';
export const password = 'a horse and its battery';

/** Its route. */
export async function startWithOperators(
  args: readonly string[] = [],
  names: Readonly<Record<string, 'view' | 'manage'>> = { amy: 'manage', vic: 'view' },
): Promise<string> {
  const given = ['--data', ':memory:', '--cluster-secret', secret, ...args];
  const { addresses } = await startDevelopment(given);
  const origin = `http://${addresses['route']}`;
  for (const [name, role] of Object.entries(names))
    await admin(origin, 'operator', 'create', name, '--role', role);
  return origin;
}

/** `cim admin` of who knows the secret; what it has printed. */
export async function admin(origin: string, ...words: readonly string[]): Promise<string> {
  const env = { CIM_CLUSTER_SECRET: secret, CIM_OPERATOR_PASSWORD: password, CIM_ROUTE: origin };
  const { stdout } = await promisify(execFile)(executable, ['admin', ...words], { env });
  return stdout;
}

export interface OperatorOptions extends OpenPageOptions {
  readonly context?: BrowserContextOptions;
}

export async function openDashboard(
  browser: Browser,
  origin: string,
  { context = {}, ...options }: OperatorOptions = {},
): Promise<Page> {
  const user = await BrowserUser.of(browser, context);
  return user.open(`${origin}/admin`, options);
}

/** An account `name` with the password of tests, at a route of another cluster secret. */
export async function makeOperator(
  origin: string,
  clusterSecret: string,
  name: string,
): Promise<void> {
  const env = {
    CIM_CLUSTER_SECRET: clusterSecret,
    CIM_OPERATOR_PASSWORD: password,
    CIM_ROUTE: origin,
  };
  const words = ['admin', 'operator', 'create', name, '--role', 'view'];
  await promisify(execFile)(executable, words, { env });
}

/** In English. */
export async function signIn(page: Page, name: string, given = password): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password').fill(given);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function openAs(
  browser: Browser,
  origin: string,
  name: string,
  options: OperatorOptions = {},
): Promise<Page> {
  const page = await openDashboard(browser, origin, options);
  await signIn(page, name);
  await page.getByRole('heading', { name: 'Roles' }).waitFor();
  return page;
}
