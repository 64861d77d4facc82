/** What Redis counts of itself. */
import { connect } from 'node:net';

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
  const text = await ask(port, 'INFO everything\r\nQUIT\r\n');
  const numberOf = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    scriptCalls: numberOf(/^cmdstat_evalsha:calls=(\d+)/m),
    memoryBytes: numberOf(/^used_memory:(\d+)/m),
    bytesWritten: numberOf(/^total_net_output_bytes:(\d+)/m),
    fileBytes: numberOf(/^aof_current_size:(\d+)/m),
  };
}

function ask(port: number, commands: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.setEncoding('utf8');
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('end', () => resolve(text));
    socket.write(commands);
  });
}
