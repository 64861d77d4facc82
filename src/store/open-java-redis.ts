/** The Redis of a Java system, which is only read: loaded when it is asked for. */
import type { JavaRedis } from './redis/java-redis.ts';

/** Rejects with `unavailable`, or `bad-config`; the message never holds the password. */
export async function openJavaRedis(url: string): Promise<JavaRedis> {
  const { JavaRedis } = await import('./redis/java-redis.ts');
  return JavaRedis.open(url);
}
