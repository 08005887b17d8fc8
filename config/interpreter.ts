import type { Hooks } from './hooks.js'
import type { Config } from './settings.js'
import type { Variables } from './sources/env-file.js'

/** The Python that runs an application, and why this one. */
export interface Interpreter {
  /** As it is started: the `python` of a virtual environment finds its packages by where it lies. */
  readonly executable: string
  /** `3.11.2` */
  readonly version: string
  /** For the log: `VIRTUAL_ENV`, `/srv/app/.venv`, `PATH`. */
  readonly why: string
}

/** What decides whether an application is in Python, and which Python runs it. */
export interface Draft extends Pick<Config, 'python' | 'pythonpath' | 'chdir' | 'interface' | 'rawEnv'> {
  /** Undefined if none was named. */
  readonly app: string | undefined
  /** The directory that `unicorn` was started in. */
  readonly cwd: string
  /** The variables of `envFile`. */
  readonly variables: Variables
}

/** A config file of Gunicorn's, which is a module in Python. */
export interface GunicornFile {
  /** An absolute path, or `python:MODULE`. */
  readonly location: string
  /** What it sets, by Gunicorn's names, as far as JSON can hold it. */
  readonly values: Readonly<Record<string, unknown>>
  /** The names of Gunicorn's hooks that it defines. */
  readonly hooks: readonly string[]
  readonly runner: GunicornHooks
}

/** Runs the hooks of a config file of Gunicorn's that belong to no worker. */
export interface GunicornHooks {
  /** @param cfg  the settings, as hooks see them @param env  the variables of the setting `rawEnv` */
  hooks(cfg: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>>): Hooks
  /** Ends the process that they run in, if there is one. Resolves when those that were called have run. */
  end(): Promise<void>
}

/** What the configuration of an application in Python needs to know of the disk and of Python. */
export interface PythonProjects {
  /** The application of a Django project, if none was named. @throws UnicornError if it has several */
  findApp(directory: string): string | undefined
  /** @throws UnicornError with exit code 4 if it may be either of two files */
  isPython(draft: Draft): boolean
  /** @throws UnicornError if there is none, or none that can be used */
  findInterpreter(draft: Draft): Promise<Interpreter>
  /** @throws UnicornError with the traceback, if the file cannot be read */
  readConfig(location: string, draft: Draft): Promise<GunicornFile>
}
