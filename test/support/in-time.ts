/**
 * Whether a call ends before a time is up, which a timer of this process tells: both wait for the
 * same processor, so on a busy machine both are late. For bounds that the code keeps by timers.
 */
export async function inTime<T>(
  timeMs: number,
  call: Promise<T>,
): Promise<{ readonly result: T; readonly isInTime: boolean }> {
  let isInTime = true;
  const timer = setTimeout(() => {
    isInTime = false;
  }, timeMs);
  try {
    return { result: await call, isInTime };
  } finally {
    clearTimeout(timer);
  }
}
