const NAME = /^(?:.*\| )?([\w.]+)(?:: ([\s\S]*))?$/

/** An exception of a Python application, with its traceback as the stack. */
export class PythonError extends Error {
  constructor(traceback: string) {
    const lines = traceback.trimEnd().split('\n')
    const [, name = 'Error', message = ''] = NAME.exec(lines.slice(headlineOf(lines)).join('\n')) ?? []
    super(message)
    this.name = name
    this.stack = lines.join('\n')
  }
}

/** Where the exception is named: behind the frames, which are indented. A message may have several lines. */
function headlineOf(lines: readonly string[]): number {
  const at = lines.findLastIndex(
    (line, i) => /^[\w.]+(?::|$)/.test(line) && (i === 0 || /^\s/.test(lines[i - 1] ?? '')),
  )
  if (at >= 0) return at
  const group = lines.findIndex(line => /\| \w*ExceptionGroup:/.test(line))
  return group >= 0 ? group : lines.length - 1
}
