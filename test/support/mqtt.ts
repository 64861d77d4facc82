/** MQTT clients of others: Mosquitto's tools, and mqtt.js. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { startProcess, type TestProcess } from './processes.ts';
import type { Role } from './roles.ts';
import { secretOf } from './secret-of.ts';
import { onTeardown } from './teardown.ts';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** By its id, as terminals of tests have registered it. */
export function accountOf(userId: number): Account {
  return { user: String(userId), password: secretOf(userId) };
}

export function portOf(role: Role): number {
  return Number(role.addresses['mqtt']?.split(':').at(-1));
}

/** One of mosquitto_pub, mosquitto_sub and mosquitto_rr. */
export function mosquitto(
  tool: 'pub' | 'sub' | 'rr',
  port: number,
  { user, password }: Account,
  args: readonly string[],
): Promise<TestProcess> {
  const where = ['-h', '127.0.0.1', '-p', String(port), '-u', user, '-P', password];
  // Printed line by line: a pipe would be given all of it at the end.
  const command = ['-oL', `mosquitto_${tool}`, ...where, ...args];
  return startProcess({ name: `mosquitto_${tool}`, command: 'stdbuf', args: command });
}

/** It has been told that its subscription stands. */
export async function subscribed(
  port: number,
  account: Account,
  args: readonly string[],
): Promise<TestProcess> {
  const started = await mosquitto('sub', port, account, ['-d', ...args]);
  await started.whenPrinted(/received SUBACK/);
  return started;
}

export async function mqttClient(
  port: number,
  { user, password }: Account,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await connectAsync({
    ...{ host: '127.0.0.1', port, username: user, password, reconnectPeriod: 200 },
    ...options,
  });
  onTeardown(() => client.endAsync(true));
  return client;
}
