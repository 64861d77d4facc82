/** The commands, in the order in which help lists them. */
import type { Command } from './command.ts';
import { adminCommand } from './commands/admin.ts';
import { benchCommand } from './commands/bench.ts';
import { clientCommand } from './commands/client.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { routeCommand } from './commands/route.ts';
import { sendCommand } from './commands/send.ts';
import { serverCommand } from './commands/server.ts';
import { topCommand } from './commands/top.ts';
import { traceCommand } from './commands/trace.ts';
import { verifyCommand } from './commands/verify.ts';

const roleCommands: readonly Command[] = [
  devCommand,
  serverCommand,
  routeCommand,
  clientCommand,
  sendCommand,
  verifyCommand,
  benchCommand,
  adminCommand,
  doctorCommand,
  traceCommand,
  topCommand,
  configCommand,
];

export const commands: readonly Command[] = [...roleCommands, completionCommand(roleCommands)];
