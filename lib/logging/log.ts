/** A method of {@link Logger}. It takes a message, or facts and then a message, as pino's do. */
export interface LogMethod {
  (message: string): void
  (facts: object, message?: string): void
}

/** The error log as the server and its hooks use it. Pino's loggers have this form. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
}
