const LAST_LINE = /^([\w.]+)(?:: (.*))?$/

/** An exception of a Python application, with its traceback as the stack. */
export class PythonError extends Error {
  constructor(traceback: string) {
    const lines = traceback.trimEnd().split('\n')
    const [, name = 'Error', message = ''] = LAST_LINE.exec(lines.at(-1) ?? '') ?? []
    super(message)
    this.name = name
    this.stack = lines.join('\n')
  }
}
