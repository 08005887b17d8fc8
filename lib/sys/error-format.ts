/**
 * Runs what changes the format and the length of all stacks of this process, as Babel does when it is loaded, and puts both back.
 */
export function keepErrorFormat<Value>(run: () => Value): Value {
  const { stackTraceLimit, prepareStackTrace } = Error
  try {
    return run()
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace })
  }
}
