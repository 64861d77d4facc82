/** What Redis counts of itself. */
import { askPort } from '../../src/processes/local-ports.ts';

export interface RedisCounts {
  /** Calls of scripts. */
  readonly scriptCalls: number;
  readonly memoryBytes: number;
  /** On all its sockets. */
  readonly bytesWritten: number;
  /** Of its append-only file. */
  readonly fileBytes: number;
}

/** `port`: on this machine. */
export async function readRedis(port: number): Promise<RedisCounts> {
  const text = await askPort(port, 'INFO everything\r\nQUIT\r\n');
  const numberOf = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    scriptCalls: numberOf(/^cmdstat_evalsha:calls=(\d+)/m),
    memoryBytes: numberOf(/^used_memory:(\d+)/m),
    bytesWritten: numberOf(/^total_net_output_bytes:(\d+)/m),
    fileBytes: numberOf(/^aof_current_size:(\d+)/m),
  };
}
