/** The bounded poll that tests use instead of a sleep, for what no event announces. */
import { setTimeout as delay } from 'node:timers/promises';

/** Against waiting for ever, and no more: how long something takes depends on what else the machine does. */
export const hopelessMs = 60_000;

/**
 * Polls until `condition` gives something truthy, and returns that; throws, naming `what`, when the
 * time is up.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { timeoutMs = hopelessMs, pollMs = 10 } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await delay(pollMs);
  }
}
