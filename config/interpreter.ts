/** The Python that runs an application, and why this one. */
export interface Interpreter {
  /** As it is started: the `python` of a virtual environment finds its packages by where it lies. */
  readonly executable: string
  /** `3.11.2` */
  readonly version: string
  /** For the log: `VIRTUAL_ENV`, `/srv/app/.venv`, `PATH`. */
  readonly why: string
}
