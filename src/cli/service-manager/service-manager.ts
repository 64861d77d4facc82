/**
 * Tells the service manager that has started a role how the role is doing: `Type=notify` of
 * systemd. systemd names a socket in NOTIFY_SOCKET (sd_notify(3)). If the variable names none,
 * nobody is told.
 */
import { getSystemErrorName } from 'node:util';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { loadAddon } from '../../base/process/native-addon.ts';
import type { Environment } from '../../config/sources/env.ts';

/** notify.c, as base64; esbuild puts it in. Unbundled, as under Jest, there is none. */
const addon = process.env.CIM_NOTIFY_ADDON;

/** The variable that names the socket. Workers are not to have it: one process speaks for all. */
export const notifyVariable = 'NOTIFY_SOCKET';

export interface ServiceManager {
  /** READY=1: it serves. */
  ready(): void;
  /** STOPPING=1: it was told to stop. */
  stopping(): void;
}

interface Native {
  /** 0, or an errno. */
  send(path: string, message: string): number;
}

export function serviceManagerOf(env: Environment, log: Logger): ServiceManager {
  const path = env[notifyVariable];
  if (!path) return { ready() {}, stopping() {} };
  let native: Native | undefined;
  const tell = (message: string) => {
    try {
      if (addon === undefined) throw new Error('only the executable can tell it');
      native ??= loadAddon('notify.node', Buffer.from(addon, 'base64')) as Native;
      const problem = native.send(path, message);
      if (problem !== 0) throw new Error(getSystemErrorName(-problem));
    } catch (error) {
      // It ends a service of which it hears nothing: its operator is to know why.
      const facts = { socket: path, message, error: describeError(error) };
      log.error(facts, 'the service manager was not told');
    }
  };
  return { ready: () => tell('READY=1'), stopping: () => tell('STOPPING=1') };
}
