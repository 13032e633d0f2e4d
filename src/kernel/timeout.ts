/**
 * What the promise comes to, where that takes no longer than so many milliseconds. One turn of the event loop more: where
 * it is this process that was late, an answer that has arrived still counts.
 *
 * @throws what `late` makes where it does not answer in time; it may still be carried out
 */
export async function withTimeout<T>(
  milliseconds: number,
  promise: Promise<T>,
  late: () => Error = () => new Error('The database did not answer in time.'),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(late())), milliseconds);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
