/** The database has not answered a statement in time. What was sent may still complete. */
export const noAnswerInTime = () => new Error('The database did not answer in time.');

/**
 * Resolves or rejects like `promise`, or rejects with `late()` after `milliseconds`. The timeout waits one more turn of
 * the event loop: if this process itself was late, a result that has arrived still counts.
 *
 * @throws the error of `late` on a timeout; the operation behind `promise` may still complete
 */
export async function withTimeout<T>(
  milliseconds: number,
  promise: Promise<T>,
  late: () => Error = noAnswerInTime,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(late())), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
