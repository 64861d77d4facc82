/**
 * Logging: pino, JSON lines on stderr (stdout belongs to the ready line and to a client's
 * conversation). Messages are constants, data goes into fields. Fields that may hold a secret or a
 * person's text are never logged; `redact` is the second line of defence. A log that is full, closed
 * or slow loses lines and holds nobody up (line-output.ts).
 */
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { Counters } from './process/counters.ts';
import { LineOutput } from './process/line-output.ts';
import { escapeJson } from './text/safe-text.ts';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One for all logs of the process, made with the first line; the newest of them tells of losses. */
let output: LineOutput | undefined;
let newest: Logger | undefined;

function stderr(): LineOutput {
  output ??= new LineOutput(2, (lines) => newest?.warn({ lines }, 'lines of the log were lost'));
  return output;
}

/** Counts the lines that could not be written. */
export function countDroppedLines(counters: Counters): void {
  counters.observe(
    'log.dropped',
    'lines of the log that were lost, as it was full, closed or slow',
    () => output?.dropped ?? 0,
  );
}

export function createLogger(role: string, level: LogLevel): Logger {
  newest = pino(
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
    { write: (line: string) => stderr().write(line) },
  );
  return newest;
}
