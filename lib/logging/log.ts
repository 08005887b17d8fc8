/** A method of {@link Logger}: a message, or facts and then a message, as pino has it. */
export interface LogMethod {
  (message: string): void
  (facts: object, message?: string): void
}

/** The error log, as all of the server and the hooks write to it. Pino's loggers are such. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
}
