/** The exit codes of `unicornctl`, a contract; docs/control.md has it. By a signal it ends with 128 and its number. */
export const CtlExit = {
  done: 0,
  /** The server has refused it, or it has failed; or a file here cannot be written. */
  failed: 1,
  /** Wrong arguments, or no control socket is known. */
  usage: 2,
  /** No server is at the socket, or it went away before it answered. */
  noServer: 3,
  /** Its outcome was not known in time. What was asked for may still happen. */
  timeout: 4,
  /** The socket belongs to a server of another user. */
  notPermitted: 5,
} as const
export type CtlExit = (typeof CtlExit)[keyof typeof CtlExit]

/** An end that is not what was asked for: a sentence for people, and facts for `--json`. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number
  /** What the server has answered, if it has. */
  readonly answer: object

  constructor(message: string, exitCode: number, answer: object = {}) {
    super(message)
    this.exitCode = exitCode
    this.answer = answer
  }
}

/** The reason of an AbortSignal: the command was told to end by a signal. */
export class Interrupted extends Failure {
  /** @param number  of the signal */
  constructor(number: number) {
    super('interrupted', 128 + number)
  }
}
