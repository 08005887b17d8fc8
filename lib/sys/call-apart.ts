/** Calls a listener as Node does: what it throws becomes an uncaught error, and others are called all the same. */
export function callApart(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return process.nextTick(() => {
      throw error
    })
  }
}
