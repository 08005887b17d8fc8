/** The exports of the package `unicorn`. The import itself does nothing else. */
export { defineConfig, type Environment, type UserConfig, type UserConfigFunction } from '../config/define-config.js'
export type {
  ExitedWorkerView,
  ExitReason,
  Figures,
  Hooks,
  Logger,
  ProcessFigures,
  ServerView,
  Snapshot,
  WorkerSnapshot,
  WorkerView,
} from '../config/hooks.js'
export type { Config } from '../config/settings.js'
export { fetch, node, wsgi } from './application/mark.js'
export { ExitCode, UnicornError } from './errors.js'
export type { FetchApplication, FetchContext, FetchHandler } from './gateway/fetch/types.js'
export type { NodeHandler } from './gateway/node/target.js'
export type {
  Application,
  Chunk,
  Environ,
  ErrorsStream,
  Headers,
  InputStream,
  StartResponse,
  Write,
  WsgiBody,
} from './gateway/wsgi/types.js'
export { validator } from './gateway/wsgi/validator.js'
