/** Polls until the result is truthy. */
export async function waitUntil<T>(ask: () => Promise<T> | T, timeoutMs = 50_000): Promise<NonNullable<T>> {
  const ends = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > ends) throw new Error(`still not so after ${timeoutMs} ms: ${String(ask)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
