/**
 * Logging: pino, JSON lines on stderr (stdout belongs to the ready line and to a client's
 * conversation). Messages are constants, data goes into fields. Fields that may hold a secret or a
 * person's text are never logged; `redact` is the second line of defence.
 */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { escapeJson } from './safe-text.ts';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export function createLogger(role: string, level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      redact: {
        paths: ['secret', '*.secret', 'password', '*.password', 'authorization', '*.authorization'],
        censor: '***',
      },
      formatters: { level: (label) => ({ level: label }) },
      // Logs are read on terminals too: what others have sent cannot control those.
      hooks: { streamWrite: escapeJson },
    },
    // Synchronous: the last line before a crash is the one that matters, and nothing is logged per
    // message.
    destination({ dest: 2, sync: true }),
  );
}
