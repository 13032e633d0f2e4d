/**
 * What the promise comes to, where that takes no longer than so many milliseconds. One turn of the event loop more: where
 * it is this process that was late, an answer that has arrived still counts.
 *
 * @throws Error where it does not answer in time; it may still be carried out
 */
export async function inTime<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => setImmediate(() => reject(new Error('The database did not answer in time.')));
    timer = setTimeout(giveUp, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
