/** Calls `run`, and then restores the format and the length of stacks. Babel changes both when it is loaded. */
export function keepErrorFormat<Value>(run: () => Value): Value {
  const { stackTraceLimit, prepareStackTrace } = Error
  try {
    return run()
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace })
  }
}
